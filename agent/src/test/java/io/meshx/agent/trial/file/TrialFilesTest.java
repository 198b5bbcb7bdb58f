// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trial.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.file.posix.PosixFiles;
import io.meshx.agent.host.linux.GetentUsers;
import io.meshx.agent.model.HostException;
import io.meshx.agent.trial.Trials;
import io.meshx.agent.trial.TrialsContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of root's. */
@Tag("root")
final class TrialFilesTest extends TrialsContract {
  private final Path directory;
  private final TrialFiles trials;

  TrialFilesTest(@TempDir Path directory) throws IOException {
    this.directory = directory;
    trials =
        new TrialFiles(
            new PosixFiles(new GetentUsers(new HostCommands(Duration.ofSeconds(10))), List.of()),
            Files.createDirectory(directory.resolve("run")),
            Files.createDirectory(directory.resolve("state")));
  }

  @Override
  protected Trials trials() {
    return trials;
  }

  @Test
  void rulesThatCannotBeReadAreNamed() throws IOException {
    Path file = directory.resolve("run/rules-before");
    Files.writeString(file, "# iptables V5\n*nat\nCOMMIT\n");
    HostException failure = assertThrows(HostException.class, trials::observe);
    assertTrue(failure.toString().contains(file.toString()), failure.toString());
    Files.delete(file);
    Files.createDirectory(file);
    assertEquals(
        HostException.FileFailed.class,
        assertThrows(HostException.class, trials::observe).getClass());
  }
}
