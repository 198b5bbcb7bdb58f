// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * What the build wrote down about itself.
 *
 * @param version such as {@code 0.1.0}
 * @param revision the commit that was built, with "-dirty" behind it if files differed from it;
 *     "unknown" if it was not built from a repository
 */
record Build(String version, String revision) {
  private static final String RECORD = "/io/meshx/agent/build.properties";

  /** Of this program. */
  static Build own() {
    try (InputStream in = Build.class.getResourceAsStream(RECORD)) {
      Properties build = new Properties();
      build.load(in);
      return new Build(build.getProperty("version"), build.getProperty("revision"));
    } catch (IOException e) {
      throw new UncheckedIOException("reading '" + RECORD + "' from the program failed", e);
    }
  }
}
