// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.status.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code meshx undrain}: the way back from a drain. */
@Command(
    name = "undrain",
    description = {"Has peers choose the workloads of this host again, after 'meshx drain'."},
    mixinStandardHelpOptions = true)
public final class Undrain implements Callable<Integer> {
  /** For picocli. */
  public Undrain() {}

  @Override
  public Integer call() {
    if (!Say.mayWrite(Directories.RUN)) {
      return ExitStatus.NO_PERMISSION.code();
    }
    try {
      Files.deleteIfExists(Directories.DRAINED);
    } catch (IOException e) {
      return Say.why(
          ExitStatus.FAILED, "removing '" + Directories.DRAINED + "' failed: " + e.getMessage());
    }
    return Status.ask("undrain");
  }
}
