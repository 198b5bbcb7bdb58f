// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.exec;

import io.meshx.agent.model.HostException;
import java.util.List;

/** Runs programs of the host; no shell ever. */
public interface Commands {
  /**
   * Runs a program to its end and gives what it printed. Bounded in time.
   *
   * @param argv the program, looked up in the system's own directories, and its arguments
   * @param input what it reads on standard input; may be empty
   * @return its standard output
   * @throws HostException.CommandFailed if it cannot be started, ends with another status than 0 or
   *     takes too long; the message has its standard error
   */
  String run(List<String> argv, String input) throws HostException.CommandFailed;

  /**
   * Runs a program that reads nothing, and gives what it printed and then what it wrote to standard
   * error, where some have their version.
   */
  default String said(List<String> argv) throws HostException.CommandFailed {
    return run(argv, "");
  }

  /** Runs a program that reads nothing. */
  default String run(String... argv) throws HostException.CommandFailed {
    return run(List.of(argv), "");
  }

  /**
   * Runs programs that read nothing, all at the same time, and waits for all of them.
   *
   * @param argvs the argument lists
   * @return their standard outputs in the same order
   * @throws HostException.CommandFailed the failure of the first in the list that failed; those of
   *     others are suppressed in it
   */
  default List<String> runTogether(List<List<String>> argvs) throws HostException.CommandFailed {
    return Together.run(this, argvs);
  }
}
