// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The machine's host name: what /etc/hostname holds, else the variable HOSTNAME, else "".
 *
 * @param file the file to read
 * @param environment the environment to look into
 * @see <a href="https://www.freedesktop.org/software/systemd/man/hostname.html">hostname(5)</a>
 */
public record MachineName(Path file, Map<String, String> environment) implements Supplier<String> {
  /** That of this machine. */
  public static MachineName ofThisMachine() {
    return new MachineName(Path.of("/etc/hostname"), System.getenv());
  }

  @Override
  public String get() {
    String fromEnvironment = environment.getOrDefault("HOSTNAME", "");
    try {
      return Files.readString(file)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .findFirst()
          .orElse(fromEnvironment);
    } catch (IOException e) {
      // Many hosts have no such file, and the reader of the configuration says what to do then.
      return fromEnvironment;
    }
  }
}
