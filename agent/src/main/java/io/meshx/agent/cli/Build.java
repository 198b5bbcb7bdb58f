// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What the build wrote down about itself. */
final class Build {
  private static final String RECORD = "/io/meshx/agent/build.properties";

  private Build() {}

  /** The version of this build, such as {@code 0.1.0}. */
  static String version() {
    try (InputStream in = Build.class.getResourceAsStream(RECORD)) {
      Properties build = new Properties();
      build.load(in);
      return build.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException("reading '" + RECORD + "' from the program failed", e);
    }
  }
}
