// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.model.HostException;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.status.ExitStatus;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The way back from {@code meshx join}. */
@Command(
    name = "leave",
    description = {
      "Takes everything away as 'meshx down' does, and ends this host's membership: the agent starts no"
          + " more, and what 'meshx join' kept and the SPIRE agent's identity are removed.",
      "agent.toml and the files of workloads are yours and stay."
    },
    mixinStandardHelpOptions = true)
public final class Leave implements Callable<Integer> {
  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "Give up after this time (default: ${DEFAULT-VALUE}).")
  private long timeout = 90;

  /** For picocli. */
  public Leave() {}

  @Override
  public Integer call() {
    if (!Say.mayConfigure()) {
      return ExitStatus.NO_PERMISSION.code();
    }
    String inCluster = inCluster();
    String spireAgent = Join.status().map(now -> now.spireAgent().id()).orElse("");
    try {
      ExitStatus down = Wiring.down(Duration.ofSeconds(timeout), System.out::println);
      if (down != ExitStatus.OK) {
        return down.code();
      }
      Wiring.forget();
    } catch (HostException e) {
      return Say.why(ExitStatus.FAILED, String.valueOf(e.getMessage()));
    }
    System.out.println(
        "This host has left. Its entries at the SPIRE server are still there"
            + (spireAgent.isEmpty()
                ? "."
                : ", and so is its SPIRE agent: 'spire-server agent evict -spiffeID "
                    + spireAgent
                    + "'.")
            + inCluster);
    return ExitStatus.OK.code();
  }

  /** What is left in the cluster that was told of its workloads; "" if none was. */
  private static String inCluster() {
    try {
      return Wiring.configReader()
          .read(Directories.CONFIG)
          .kubernetes()
          .map(cluster ->
              "\nIts account in the cluster is still there: 'kubectl -n "
                  + Lease.NAMESPACE
                  + " delete serviceaccount,configmap,lease "
                  + cluster.access().host()
                  + "'.")
          .orElse("");
    } catch (ConfigException e) {
      // 'meshx down' says what that means for the cluster.
      return "";
    }
  }
}
