// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;

import io.meshx.agent.Wiring;
import io.meshx.agent.model.HostException;
import io.meshx.agent.status.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code meshx drain}: takes the host out of the load balancers of peers. */
@Command(
    name = "drain",
    description = {
      "Has peers choose no workload of this host any more, and waits until they have heard.",
      "Nothing on the host changes. It lasts until 'meshx undrain' or a reboot."
    },
    mixinStandardHelpOptions = true)
public final class Drain implements Callable<Integer> {
  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "Wait for at most this time (default: ${DEFAULT-VALUE}).")
  private long timeout = 30;

  @Option(
      names = "--if-going-down",
      description = "Do nothing unless the host is shutting down; for meshx-drain.service.")
  private boolean ifGoingDown;

  /** For picocli. */
  public Drain() {}

  @Override
  public Integer call() {
    if (!Say.mayWrite(Directories.RUN)) {
      return ExitStatus.NO_PERMISSION.code();
    }
    try {
      if (ifGoingDown && !Wiring.goingDown()) {
        System.out.println("the host is not shutting down; nothing is drained");
        return ExitStatus.OK.code();
      }
      Files.writeString(Directories.DRAINED, "", CREATE, TRUNCATE_EXISTING);
    } catch (HostException e) {
      return Say.why(ExitStatus.FAILED, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return Say.why(
          ExitStatus.FAILED,
          "making '"
              + Directories.DRAINED
              + "' failed: "
              + e.getMessage()
              + "; does the agent run?");
    }
    return Status.ask("drain " + timeout);
  }
}
