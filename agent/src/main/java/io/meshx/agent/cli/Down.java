// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.model.HostException;
import io.meshx.agent.status.ExitStatus;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The plan to nothing: takes away everything of ours and leaves the host as it was. */
@Command(
    name = "down",
    description = {
      "Stops the agent, the workloads, the proxies and SPIRE, and removes rules, routes and DNS.",
      "The agent stays enabled: it joins again at the next boot or 'systemctl start meshx-agent'."
    },
    mixinStandardHelpOptions = true)
public final class Down implements Callable<Integer> {
  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "Give up after this time (default: ${DEFAULT-VALUE}).")
  private long timeout = 90;

  /** For picocli. */
  public Down() {}

  @Override
  public Integer call() {
    if (!Say.mayConfigure()) {
      return ExitStatus.NO_PERMISSION.code();
    }
    try {
      return Wiring.down(Duration.ofSeconds(timeout), System.out::println).code();
    } catch (HostException e) {
      return Say.why(ExitStatus.FAILED, String.valueOf(e.getMessage()));
    }
  }
}
