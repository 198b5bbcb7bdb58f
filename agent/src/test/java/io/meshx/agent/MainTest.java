// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The path by which the command was found is no argument of the user's. */
class MainTest {
  @Test
  void whereverTheCommandWasFoundItsPathIsDropped() {
    for (String path : List.of("/usr/bin/meshx", "/bin/meshx", "./meshx")) {
      assertEquals(
          List.of("status", "--json"), Main.withoutLauncher(List.of(path, "status", "--json")));
      assertEquals(List.of(), Main.withoutLauncher(List.of(path)));
    }
  }

  @Test
  void withoutAPathAllArgumentsAreTheUsers() {
    assertEquals(List.of("run"), Main.withoutLauncher(List.of("run")));
    assertEquals(List.of(), Main.withoutLauncher(List.of()));
  }
}
