// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of the package that a test keeps as the program says; {@code -Dgolden=write} writes it.
 */
public final class Written {
  private Written() {}

  /**
   * Compares a file with what it should be.
   *
   * @param path from the module's directory
   * @param wanted its text
   */
  public static void check(Path path, String wanted) throws IOException {
    if ("write".equals(System.getProperty("golden"))) {
      Files.createDirectories(path.resolveSibling("."));
      Files.writeString(path, wanted);
    }
    assertEquals(wanted, Files.readString(path), () -> "'" + path + "' is not as the program says");
  }
}
