// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** Says which build this is and what runs it. */
@Command(name = "version", description = "Shows the version.", mixinStandardHelpOptions = true)
public final class Version implements Callable<Integer>, IVersionProvider {
  /** For picocli. */
  public Version() {}

  @Override
  public String[] getVersion() {
    return new String[] {
      "meshx-agent " + Build.version(),
      "Java " + Runtime.version() + " at " + System.getProperty("java.home")
    };
  }

  @Override
  public Integer call() {
    System.out.println(String.join("\n", getVersion()));
    return 0;
  }
}
