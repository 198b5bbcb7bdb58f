// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import java.util.List;

/** Argument lists as systemd takes them. */
public final class Argv {
  private Argv() {}

  /**
   * Why an argument cannot be part of a transient unit's command line, or "" if it can.
   *
   * <p>systemd 252 writes {@code ;} and {@code $} escaped into /run/systemd/transient and does not
   * take the escapes back when it reads the file after a daemon-reload, so the next restart would
   * run another command.
   */
  public static String refusal(String argument) {
    if (argument.indexOf(';') >= 0 || argument.indexOf('$') >= 0) {
      return "'"
          + argument
          + "' has a ';' or '$', which systemd changes in a transient unit at the first restart"
          + " after a daemon-reload; put the value into a file or an environment variable";
    }
    return argument.indexOf('\0') >= 0 ? "an argument has a NUL character" : "";
  }

  static List<String> checked(List<String> argv) {
    if (argv.isEmpty()) {
      throw new IllegalArgumentException("a command needs at least the program");
    }
    for (String argument : argv) {
      String refusal = refusal(argument);
      if (!refusal.isEmpty()) {
        throw new IllegalArgumentException(refusal);
      }
    }
    return argv;
  }
}
