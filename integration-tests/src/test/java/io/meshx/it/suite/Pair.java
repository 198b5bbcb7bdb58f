// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Two hosts that have joined, one of each cgroup layout, whose workloads call each other by their
 * Services.
 *
 * @param hosts both of them
 */
record Pair(List<MeshHost> hosts) {
  private static final int REQUESTS_PER_SECOND = 20;
  private static final Workload WEB = Workload.first("web");
  private static final Workload API = Workload.first("api");

  /** Boots and joins them. */
  static Pair join(Mesh mesh) {
    Pair pair =
        new Pair(
            mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE)));
    for (MeshHost host : pair.hosts) {
      mesh.set(host, MeshHost.Mode.AGENT, pair.workload(host));
      mesh.service("10.96.20." + (1 + pair.hosts.indexOf(host)), host, pair.workload(host));
    }
    Mesh.onAll(pair.hosts, MeshHost::join);
    pair.awaitRequests();
    return pair;
  }

  Workload workload(MeshHost host) {
    return host.equals(hosts.getFirst()) ? WEB : API;
  }

  MeshHost peer(MeshHost host) {
    return host.equals(hosts.getFirst()) ? hosts.getLast() : hosts.getFirst();
  }

  /** Where a host's workload is called. */
  String url(MeshHost host) {
    Workload workload = workload(host);
    return "http://%s.%s.svc.cluster.local:%d/"
        .formatted(workload.name(), Workload.NAMESPACE, workload.port());
  }

  /** Both ways, with the callers' identities. */
  void awaitRequests() {
    for (MeshHost host : hosts) {
      assertEquals(
          workload(host).spiffeId(), host.awaitRequest(workload(host), url(peer(host))).clientId());
    }
  }

  /**
   * Does something to both hosts under load: afterwards both have joined, every process but the
   * agent and every rule is the same, and no request has failed.
   */
  void undisturbed(Consumer<MeshHost> action) {
    Mesh.onAll(hosts, MeshHost::awaitJoined);
    TreeMap<String, SortedMap<String, Run>> runs = new TreeMap<>();
    TreeMap<String, String> rules = new TreeMap<>();
    List<Load> loads = new ArrayList<>();
    for (MeshHost host : hosts) {
      runs.put(host.name(), host.dataPlane());
      rules.put(host.name(), host.rules());
      loads.add(host.load(workload(host), url(peer(host)), REQUESTS_PER_SECOND));
    }
    List<Load.Summary> summaries = new ArrayList<>();
    try {
      Mesh.onAll(
          hosts,
          host -> {
            action.accept(host);
            host.awaitJoined();
          });
    } finally {
      // Also when it failed: the next one would find its load running.
      loads.forEach(load -> summaries.add(load.end()));
    }
    for (Load.Summary summary : summaries) {
      assertEquals(0, summary.failed(), summary::toString);
      assertTrue(summary.ok() > 0, summary::toString);
    }
    for (MeshHost host : hosts) {
      assertEquals(runs.get(host.name()), host.dataPlane());
      assertTrue(host.dataPlane().keySet().containsAll(units(host)), host.dataPlane()::toString);
      assertEquals(rules.get(host.name()), host.rules());
      assertTrue(host.rules().contains("/redirect-outbound"), host::rules);
    }
  }

  private List<String> units(MeshHost host) {
    return List.of(
        MeshHost.SPIRE_AGENT_UNIT,
        "meshx-dns.service",
        workload(host).proxyUnit(),
        workload(host).unit());
  }
}
