// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.status.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;

/** How a verb ends that could not do what it was asked. */
final class Say {
  private Say() {}

  /** Whether this user may change the configuration; says so if not. */
  static boolean mayConfigure() {
    return mayWrite(Directories.CONFIG);
  }

  /** Whether this user may write in a directory, if there is one; says so if not. */
  static boolean mayWrite(Path directory) {
    if (Files.notExists(directory) || Files.isWritable(directory)) {
      return true;
    }
    System.err.println("'" + directory + "' is not yours to write; run as root");
    return false;
  }

  /** Says why, and gives the exit status. */
  static int why(ExitStatus status, String message) {
    System.err.println(message);
    return status.code();
  }
}
