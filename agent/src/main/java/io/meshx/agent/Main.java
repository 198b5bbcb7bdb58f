// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent;

import io.meshx.agent.cli.Verbs;
import java.util.List;

/** Turns arguments into an exit status. */
public final class Main {
  private Main() {}

  /**
   * The command's file names the Java runtime in its first line, so the kernel puts the file's own
   * path before the user's arguments: as the file was found, also below /bin where that is a link.
   * No verb has a slash in it.
   *
   * @see <a href="https://man7.org/linux/man-pages/man2/execve.2.html">execve(2), Interpreter
   *     scripts</a>
   */
  static List<String> withoutLauncher(List<String> arguments) {
    return !arguments.isEmpty() && arguments.getFirst().contains("/")
        ? arguments.subList(1, arguments.size())
        : arguments;
  }

  /**
   * Runs the meshx command.
   *
   * @param arguments verb and options
   */
  public static void main(String[] arguments) {
    System.exit(Verbs.execute(withoutLauncher(List.of(arguments))));
  }
}
