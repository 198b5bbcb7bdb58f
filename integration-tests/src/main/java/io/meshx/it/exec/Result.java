// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.time.Duration;
import java.util.List;

/**
 * What came back from a command.
 *
 * @param where the host or namespace it ran on, for messages
 * @param argv what was asked for, without the prefix that enters {@code where}
 * @param exit exit status, 128 + signal number when a signal ended it
 * @param stdout all of its standard output, as UTF-8
 * @param stderr all of its standard error, as UTF-8
 * @param took wall time from start to end of output
 */
public record Result(
    String where, List<String> argv, int exit, String stdout, String stderr, Duration took) {
  public Result {
    argv = List.copyOf(argv);
  }

  /** True when the exit status was 0. */
  public boolean succeeded() {
    return exit == 0;
  }

  /**
   * This result when the exit status was 0.
   *
   * @throws LabException otherwise, with the command, where it ran and all it printed
   */
  public Result ok() {
    if (exit != 0) {
      throw new LabException(toString());
    }
    return this;
  }

  /** Standard output without surrounding white space. */
  public String out() {
    return stdout.strip();
  }

  /** Standard output as lines, without empty ones. */
  public List<String> lines() {
    return stdout.lines().filter(line -> !line.isBlank()).toList();
  }

  @Override
  public String toString() {
    return "running '%s' on %s ended with status %d after %d ms: %s"
        .formatted(
            String.join(" ", argv),
            where,
            exit,
            took.toMillis(),
            (stderr.strip() + "\n" + stdout.strip()).strip());
  }
}
