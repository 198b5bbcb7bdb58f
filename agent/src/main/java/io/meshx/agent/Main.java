// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent;

import io.meshx.agent.cli.Meshx;
import java.util.Arrays;

/** Turns arguments into an exit status. */
public final class Main {
  private Main() {}

  /**
   * The command's file names the Java runtime in its first line, so the kernel puts the file's own
   * path before the user's arguments.
   *
   * @see <a href="https://man7.org/linux/man-pages/man2/execve.2.html">execve(2), Interpreter
   *     scripts</a>
   */
  private static String[] withoutLauncher(String[] arguments) {
    return arguments.length > 0 && arguments[0].equals(System.getProperty("meshx.launcher"))
        ? Arrays.copyOfRange(arguments, 1, arguments.length)
        : arguments;
  }

  /**
   * Runs the meshx command.
   *
   * @param arguments verb and options
   */
  public static void main(String[] arguments) {
    System.exit(Meshx.execute(withoutLauncher(arguments)));
  }
}
