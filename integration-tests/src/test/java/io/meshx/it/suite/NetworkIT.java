// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Cluster;
import io.meshx.it.cluster.ControlPlane;
import io.meshx.it.cluster.KubeApi;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Routes to the pods of nodes that come and go, and what the host's own network daemons take away,
 * on hosts whose interface systemd-networkd looks after.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class NetworkIT {
  private static final Duration SOON = Duration.ofSeconds(40);
  private static final String PODS = Cluster.POD_CIDR;
  private static final String OTHER_PODS = "10.245.7.0/24";

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private KubeApi kubernetes;
  private List<MeshHost> hosts = List.of();
  private String apiService = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    kubernetes = KubeApi.startFor(mesh.lab().cluster(), mesh.pki(), Workload.NAMESPACE);
    node("first", PODS);
    hosts =
        mesh.hosts(
            MeshHost.spec("vm1", Debian.BOOKWORM).withNetworkd(),
            MeshHost.spec("vm2", Debian.TRIXIE).withNetworkd());
    mesh.set(vm1(), MeshHost.Mode.AGENT, web);
    mesh.set(vm2(), MeshHost.Mode.AGENT, api);
    for (MeshHost host : hosts) {
      host.configure(
          MeshHost.toldTo(kubernetes, host.toml(MeshHost.Mode.AGENT))
              .withText("network.pod_cidrs", "auto"));
      host.grant(kubernetes, Map.of());
    }
    apiService = mesh.service("10.96.60.2", vm2(), api);
    Mesh.onAll(hosts, MeshHost::join);
    hosts.forEach(MeshHost::awaitJoined);
    vm1().awaitRequest(web, apiService);
  }

  @AfterAll
  void close() {
    kubernetes.close();
    mesh.close();
  }

  private MeshHost vm1() {
    return hosts.getFirst();
  }

  private MeshHost vm2() {
    return hosts.getLast();
  }

  /** A node that is the cluster's gateway, which all hosts are neighbours of. */
  private void node(String name, String pods) {
    kubernetes.create(
        KubeApi.object(
            "v1",
            "Node",
            Map.of("name", name),
            Map.of("podCIDR", pods, "podCIDRs", List.of(pods))));
    kubernetes
        .kubectl(
            "patch",
            "node",
            name,
            "--subresource=status",
            "--type=merge",
            "--patch={\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\""
                + Cluster.GATEWAY.ipv4()
                + "\"}]}}")
        .ok();
  }

  private static String routes(MeshHost host) {
    return host.host().exec("ip", "-N", "-4", "route", "show", "proto", "77").ok().stdout();
  }

  private static boolean routed(MeshHost host, String network) {
    return routes(host).contains(network + " via " + Cluster.GATEWAY.ipv4());
  }

  private static boolean resolves(MeshHost host, String name, String address) {
    Result answer = host.host().exec("getent", "ahostsv4", name);
    return answer.succeeded() && answer.stdout().startsWith(address + " ");
  }

  private static boolean whole(MeshHost host) {
    return routed(host, PODS)
        && routed(host, Cluster.SERVICE_CIDR)
        && resolves(host, ControlPlane.POLICY_NAME, ControlPlane.POD_ADDRESS)
        && resolves(host, Cluster.WORLD_NAME, Cluster.WORLD_ADDRESS);
  }

  private void heals(String what, String... commands) {
    for (MeshHost host : hosts) {
      SortedMap<String, MeshHost.Run> before = kept(host);
      assertTrue(whole(host), "before " + what);
      try (Step step = Step.of(host.name() + ": " + what + ": until routes and names are back")) {
        for (String command : commands) {
          host.host().sh(command).ok();
        }
        Await.until("the routes and names of " + host.name(), SOON, () -> whole(host));
        step.done();
      }
      host.awaitJoined();
      assertEquals(before, kept(host), what);
      vm1().awaitRequest(web, apiService);
    }
  }

  /** What may not be restarted by any of this. */
  private static SortedMap<String, MeshHost.Run> kept(MeshHost host) {
    return new TreeMap<>(host.dataPlane());
  }

  @Test
  @Order(1)
  void routesComeAndGoWithTheNodes() {
    node("second", OTHER_PODS);
    for (MeshHost host : hosts) {
      Await.until("a route to the second node's pods", SOON, () -> routed(host, OTHER_PODS));
    }
    kubernetes.kubectl("delete", "node", "second").ok();
    for (MeshHost host : hosts) {
      Await.until(
          "no route to the second node's pods", SOON, () -> !routes(host).contains(OTHER_PODS));
      assertTrue(routed(host, PODS));
    }
  }

  @Test
  @Order(2)
  void aRouteThatSomebodyTakesIsPutBackAndCounted() {
    heals("ip route del", "ip route del " + PODS, "ip route del " + Cluster.SERVICE_CIDR);
    for (MeshHost host : hosts) {
      assertTrue(host.metrics().contains("meshx_changes_total{aspect=\"routes\"}"), host.metrics());
    }
  }

  @Test
  @Order(3)
  void theResolverIsStartedAgain() {
    heals("restart of systemd-resolved", "systemctl restart systemd-resolved");
  }

  @Test
  @Order(4)
  void theNetworksDaemonIsStartedAgain() {
    heals("restart of systemd-networkd", "systemctl restart systemd-networkd");
    heals("networkctl reload", "networkctl reload");
    heals("networkctl reconfigure", "networkctl reconfigure eth0");
  }

  @Test
  @Order(5)
  void theLinkGoesDownAndUp() {
    heals("link down and up", "networkctl down eth0", "networkctl up eth0");
  }

  @Test
  @Order(6)
  void theClustersDnsIsAwayAndOnlyItsOwnNamesAre() {
    mesh.lab().cluster().dns().stop();
    try {
      for (MeshHost host : hosts) {
        host.host().exec("resolvectl", "flush-caches").ok();
        assertTrue(resolves(host, Cluster.WORLD_NAME, Cluster.WORLD_ADDRESS), host.name());
      }
    } finally {
      mesh.lab().cluster().dns().start();
    }
    heals("cluster DNS away and back", "true");
  }

  @Test
  @Order(7)
  void aHostThatBootsWithoutTheApiHasItsRoutes() {
    kubernetes.stop();
    try {
      vm2().host().reboot();
      Await.until("the route to the pods", SOON, () -> routed(vm2(), PODS));
      vm1().awaitRequest(web, apiService);
    } finally {
      kubernetes.startAgain();
    }
    vm2().awaitJoined();
  }
}
