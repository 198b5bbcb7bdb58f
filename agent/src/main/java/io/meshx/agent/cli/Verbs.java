// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.util.List;

/**
 * Where each command line goes. Those that must be quick go past picocli: its classes are in a
 * format so old that the runtime keeps none of them in its cache, so the first of them has every
 * jar opened.
 */
public final class Verbs {
  private Verbs() {}

  /**
   * Runs the command.
   *
   * @param arguments verb and options
   * @return exit status
   */
  public static int execute(List<String> arguments) {
    return switch (String.join(" ", arguments)) {
      case "run" -> new Run().call();
      case "status" -> new Status().call();
      case "status --json" -> Status.inJson().call();
      case "rehearse" -> new Rehearse().call();
      default -> Meshx.execute(arguments);
    };
  }
}
