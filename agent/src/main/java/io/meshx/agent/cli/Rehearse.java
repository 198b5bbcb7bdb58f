// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.config.ConfigException;
import io.meshx.agent.status.ExitStatus;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Goes through what a start of the daemon needs, with a configuration of its own, and changes
 * nothing. The package runs it once when it is installed, so that the Java runtime can keep what it
 * loaded and linked for the starts to come.
 *
 * @see <a href="https://openjdk.org/jeps/514">JEP 514: Ahead-of-Time Command-Line Ergonomics</a>
 */
@Command(
    name = "rehearse",
    hidden = true,
    description = "Goes through a start without changing anything; the package runs it.")
public final class Rehearse implements Callable<Integer> {
  private static final List<String> FILES =
      List.of("agent.toml", "trust-anchors.pem", "workloads/web.toml");

  /** For picocli. */
  public Rehearse() {}

  @Override
  public Integer call() {
    JournalFormat.install();
    JournalFormat.quiet();
    try {
      Path directory = Files.createTempDirectory("meshx-rehearsal");
      try {
        copyTo(directory);
        Run.Ready ready = Run.begin(directory);
        List<String> missed = ready.wiring().rehearse(ready.config(), directory);
        return missed.isEmpty()
            ? ExitStatus.OK.code()
            : Say.why(
                ExitStatus.NOT_READY, "rehearsing a start missed: " + String.join("\n", missed));
      } finally {
        for (String name : FILES.reversed()) {
          Files.deleteIfExists(directory.resolve(name));
        }
        Files.deleteIfExists(directory.resolve("workloads"));
        Files.deleteIfExists(directory);
      }
    } catch (ConfigException e) {
      return Say.why(ExitStatus.CONFIG, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return Say.why(ExitStatus.FAILED, "rehearsing a start failed: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Say.why(ExitStatus.FAILED, "rehearsing a start was interrupted");
    }
  }

  private static void copyTo(Path directory) throws IOException {
    Files.createDirectory(directory.resolve("workloads"));
    for (String name : FILES) {
      String resource = "/io/meshx/agent/rehearsal/" + name;
      try (InputStream in = Rehearse.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IOException("the program has no resource '" + resource + "'");
        }
        Files.copy(in, directory.resolve(name));
      }
    }
  }
}
