// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** Says which build this is and what runs it. */
@Command(name = "version", description = "Shows the version.", mixinStandardHelpOptions = true)
public final class Version implements Callable<Integer>, IVersionProvider {
  private static final String BUILD = "/io/meshx/agent/build.properties";

  /** For picocli. */
  public Version() {}

  /** The version of this build, such as {@code 0.1.0}. */
  public static String current() {
    try (InputStream in = Version.class.getResourceAsStream(BUILD)) {
      Properties build = new Properties();
      build.load(in);
      return build.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException("reading '" + BUILD + "' from the program failed", e);
    }
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "meshx-agent " + current(),
      "Java " + Runtime.version() + " at " + System.getProperty("java.home")
    };
  }

  @Override
  public Integer call() {
    System.out.println(String.join("\n", getVersion()));
    return 0;
  }
}
