// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineNameTest {
  @TempDir Path root;

  private String name(Map<String, String> environment) {
    return new MachineName(root.resolve("hostname"), environment).get();
  }

  @Test
  void theFilesFirstLineThatIsNoCommentCounts() throws IOException {
    Files.writeString(root.resolve("hostname"), "# a comment\n\n vm-1.example.org \nother\n");
    assertEquals("vm-1.example.org", name(Map.of("HOSTNAME", "vm-2")));
  }

  @Test
  void withoutTheFileTheEnvironmentCounts() {
    assertEquals("vm-2", name(Map.of("HOSTNAME", "vm-2")));
  }

  @Test
  void withNeitherThereIsNone() throws IOException {
    assertEquals("", name(Map.of()));
    Files.writeString(root.resolve("hostname"), "\n");
    assertEquals("", name(Map.of()));
  }
}
