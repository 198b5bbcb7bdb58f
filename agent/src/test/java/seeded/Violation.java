// SPDX-License-Identifier: Apache-2.0
package seeded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Breaks the rules of the tree on purpose, so that a test can see them bite. Nothing runs it. */
final class Violation {
  private Violation() {}

  static Process start(Path file) throws IOException, InterruptedException {
    Thread.sleep(Files.size(file));
    return new ProcessBuilder(file.toString()).start();
  }
}
