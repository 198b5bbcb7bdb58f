// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.status.ExitStatus;
import java.nio.file.Files;

/** How a verb ends that could not do what it was asked. */
final class Say {
  private Say() {}

  /** Whether this user may change the configuration; says so if not. */
  static boolean mayConfigure() {
    if (Files.isWritable(Directories.CONFIG)) {
      return true;
    }
    System.err.println("'" + Directories.CONFIG + "' is not yours to write; run as root");
    return false;
  }

  /** Says why, and gives the exit status. */
  static int why(ExitStatus status, String message) {
    System.err.println(message);
    return status.code();
  }
}
