// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Cluster;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Toml;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A host that has dnsmasq and no systemd-resolved, and one with NetworkManager. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class OtherResolversIT {
  private static final Duration SOON = Duration.ofSeconds(40);

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();
  private String apiService = "";
  private String webService = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void boot() {
    hosts =
        mesh.hosts(
            MeshHost.spec("vm1", Debian.BOOKWORM),
            MeshHost.spec("vm2", Debian.TRIXIE).withPackages("network-manager"));
    onlyDnsmasq(vm1().host());
    mesh.set(vm1(), MeshHost.Mode.AGENT, web);
    mesh.set(vm2(), MeshHost.Mode.AGENT, api);
    apiService = mesh.service("10.96.60.2", vm2(), api);
    webService = mesh.service("10.96.60.3", vm1(), web);
    vm2().host().exec("systemctl", "start", "NetworkManager").ok();
    vm2().join();
    vm2().awaitJoined();
  }

  /** As somebody has it who resolves by dnsmasq: the host's servers, and nothing of the cluster. */
  private static void onlyDnsmasq(Host host) {
    // What Debian's package dnsmasq has besides the program cannot start beside systemd-resolved.
    host.write(
        "/etc/systemd/system/dnsmasq.service",
        "[Service]\nExecStart=/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null"
            + " --conf-dir=/etc/dnsmasq.d\n");
    host.write(
        "/etc/dnsmasq.d/host.conf",
        "no-resolv\nserver=%s\nlisten-address=127.0.0.1\nbind-interfaces\n"
            .formatted(Cluster.RESOLVER.ipv4()));
    host.sh(
            """
            systemctl disable --quiet --now systemd-resolved
            systemctl mask --quiet systemd-resolved
            rm /etc/resolv.conf
            echo nameserver 127.0.0.1 >/etc/resolv.conf
            systemctl daemon-reload
            systemctl start dnsmasq
            """)
        .ok();
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost vm1() {
    return hosts.getFirst();
  }

  private MeshHost vm2() {
    return hosts.getLast();
  }

  private static boolean resolves(MeshHost host, String name, String address) {
    return host.host().exec("getent", "ahostsv4", name).stdout().startsWith(address + " ");
  }

  @Test
  @Order(1)
  void withoutResolvedTheStatusSaysWhatElseThereIs() {
    vm1().start();
    Await.until(
        "the status to say so",
        SOON,
        () -> vm1().meshx("status").stdout().contains("leave dns_servers out of [network]"));
    assertEquals(
        "held",
        vm1().status().steps().stream()
            .filter(step -> step.name().equals("workload"))
            .findFirst()
            .map(Status.Step::state)
            .orElse(""));
  }

  /** What the README says for such a host. */
  @Test
  @Order(2)
  void dnsmasqIsToldOfTheClusterAndTheAgentLeavesItAlone() {
    vm1()
        .host()
        .write(
            "/etc/dnsmasq.d/cluster.conf",
            "server=/cluster.local/%s\n".formatted(Cluster.DNS_SERVICE));
    vm1().host().exec("systemctl", "restart", "dnsmasq").ok();
    Toml toml = vm1().toml(MeshHost.Mode.AGENT).without("network.dns_servers");
    vm1().host().write(MeshHost.CONFIG, toml.text());
    vm1().awaitJoined();

    assertEquals(
        "left to the host's own servers",
        vm1().status().steps().stream()
            .filter(step -> step.name().equals("cluster DNS"))
            .findFirst()
            .orElseThrow()
            .detail());
    assertTrue(resolves(vm1(), Cluster.WORLD_NAME, Cluster.WORLD_ADDRESS));
    assertEquals(web.spiffeId(), vm1().awaitRequest(web, apiService).clientId());
    assertEquals(api.spiffeId(), vm2().awaitRequest(api, webService).clientId());
  }

  @Test
  @Order(3)
  void networkManagerTakesNothingThatIsNotBack() {
    SortedMap<String, MeshHost.Run> before = vm2().dataPlane();
    for (List<String> command :
        List.of(
            List.of("systemctl", "restart", "NetworkManager"),
            List.of("nmcli", "general", "reload"),
            List.of("nmcli", "device", "reapply", "eth0"))) {
      try (Step step = Step.of("vm2: " + String.join(" ", command) + ": until all is back")) {
        vm2().host().exec(command.toArray(String[]::new)).ok();
        Await.until(
            "routes and names",
            SOON,
            () ->
                vm2()
                        .host()
                        .exec("ip", "-N", "-4", "route", "show", "proto", "77")
                        .stdout()
                        .contains(Cluster.POD_CIDR)
                    && resolves(
                        vm2(), "api." + Workload.NAMESPACE + ".svc.cluster.local", "10.96.60.2")
                    && resolves(vm2(), Cluster.WORLD_NAME, Cluster.WORLD_ADDRESS));
        step.done();
      }
      assertEquals(api.spiffeId(), vm2().awaitRequest(api, webService).clientId());
    }
    assertEquals(before, vm2().dataPlane());
  }
}
