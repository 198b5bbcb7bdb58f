// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.bench;

import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.host.Host;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;

/**
 * The same join by a shell script: same binaries, same configuration of each, same gates. Its
 * proxies have a user of their own, and their entries select that user alone.
 */
final class ByHand {
  private static final String SCRIPT = Clock.DIRECTORY + "/by-hand.sh";
  private static final String PROXY_USER = "by-hand-proxy";
  private static final String DATA = "/var/lib/by-hand";

  private final Host host;

  private ByHand(Host host) {
    this.host = host;
  }

  /**
   * Prepares it on a host that the agent has joined, by what the agent has written there.
   *
   * @param workloads all that are ever joined by hand; they have joined by the agent
   */
  static ByHand prepare(MeshHost joined, SpireServer server, List<Workload> workloads) {
    Host host = joined.host();
    host.write(SCRIPT, Clock.resource("by-hand.sh"), "root:root", "0755");
    host.sh("useradd --system --no-create-home " + PROXY_USER).ok();
    String uid = host.exec("id", "-u", PROXY_USER).ok().out();
    for (Workload workload : workloads) {
      server.createEntry(joined.alias(), workload.spiffeId(), Duration.ZERO, "unix:uid:" + uid);
      host.write(
          Clock.DIRECTORY + "/" + workload.name() + ".env",
          ours(host.read("/run/meshx-agent/proxy/" + workload.name() + ".env")),
          "root:root",
          "0600");
    }
    host.write(
        Clock.DIRECTORY + "/agent.json",
        ours(host.read("/run/meshx-agent/spire/agent.json"))
            .replaceAll(
                "/run/credentials/[^\"]*/trust-bundle.pem", "/etc/meshx-agent/trust-anchors.pem")
            .replaceAll("(?m)^ *\"join_token_file\".*\n", ""));
    return new ByHand(host);
  }

  private static String ours(String text) {
    return text.replace("/run/meshx-agent/spire/", "/run/by-hand/")
        .replace("/var/lib/meshx-agent/spire/agent", DATA);
  }

  /** The command that joins the host and its first workload. */
  static List<String> join(Workload workload) {
    return command("join", workload);
  }

  /** The command that joins one more workload. */
  static List<String> add(Workload workload) {
    return command("add", workload);
  }

  private static List<String> command(String verb, Workload workload) {
    return List.of(
        "env",
        "PROXY=/usr/lib/linkerd/" + Cache.proxy().path().getFileName(),
        "bash",
        SCRIPT,
        verb,
        workload.name(),
        Integer.toString(workload.port()));
  }

  /** Takes everything away again. */
  void leave() {
    host.exec("bash", SCRIPT, "leave").ok();
  }

  /** The directory in which its SPIRE agent keeps what it knows. */
  static String data() {
    return DATA;
  }
}
