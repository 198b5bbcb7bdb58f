// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.status.ExitStatus;

/** How a verb ends that could not do what it was asked. */
final class Say {
  private Say() {}

  /** Says why, and gives the exit status. */
  static int why(ExitStatus status, String message) {
    System.err.println(message);
    return status.code();
  }
}
