// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.meshx.agent.testing.Written;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What the package says of the command is what the command is. */
class CommandFilesTest {
  private static final Path PACKAGING = Path.of("../packaging/src");
  private static final Path BASH = PACKAGING.resolve("completion/meshx.bash");
  private final CommandSpec meshx = new CommandLine(new Meshx()).getCommandSpec();

  @Test
  void theManualHasEveryVerbAndOption() throws IOException {
    Written.check(PACKAGING.resolve("man/meshx.8"), CommandPage.of(meshx));
  }

  @Test
  void theShellsCompleteEveryVerbAndOption() throws IOException {
    Written.check(BASH, Completion.bash(meshx));
    Written.check(PACKAGING.resolve("completion/_meshx"), Completion.zsh(meshx));
    Written.check(PACKAGING.resolve("completion/meshx.fish"), Completion.fish(meshx));
  }

  @Test
  void everyVerbAndOptionIsExplained() {
    explained(meshx);
  }

  private static void explained(CommandSpec command) {
    for (CommandSpec verb : CommandPage.verbs(command)) {
      assertFalse(verb.usageMessage().description().length == 0, verb.qualifiedName());
      CommandPage.options(verb)
          .forEach(option ->
              assertFalse(
                  option.description().length == 0,
                  () -> verb.qualifiedName() + " " + option.longestName()));
      explained(verb);
    }
  }

  @Test
  void bashCompletesWhereItIs() throws IOException, InterruptedException {
    assertEquals(List.of("status"), completed("meshx", "st"));
    assertEquals(List.of("--json"), completed("meshx", "status", "--j"));
    assertEquals(List.of("validate"), completed("meshx", "config", "v"));
    assertEquals(List.of("--config"), completed("meshx", "config", "validate", "--c"));
    assertEquals(
        List.of("../packaging/src/man"),
        completed("meshx", "join", "--token-file", PACKAGING + "/ma"));
    assertEquals(List.of(), completed("meshx", "nonsense", "--j"));
  }

  private static List<String> completed(String... words) throws IOException, InterruptedException {
    String script =
        "source "
            + BASH
            + "; COMP_WORDS=("
            + String.join(" ", words)
            + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _meshx; printf '%s\\n' \"${COMPREPLY[@]}\"";
    Process bash =
        new ProcessBuilder("bash", "-uc", script)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed = new String(bash.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, bash.waitFor(), printed);
    return printed.lines().filter(line -> !line.isEmpty()).toList();
  }
}
