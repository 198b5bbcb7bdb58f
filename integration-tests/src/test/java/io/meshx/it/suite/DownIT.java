// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.host.HostSnapshot.Section;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Leaving gives a host back as it was found: one with the SPIRE server of the cluster and rules in
 * nftables, and one with its own and rules in iptables, without and with systemd-networkd.
 */
@Tag("host")
@Tag("any-host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class DownIT {
  private static final String TOKEN = "/etc/meshx-agent/join-token";

  private final Mesh mesh = Mesh.open();
  private final Map<String, Workload> workloads =
      Map.of("vm1", Workload.first("web"), "vm2", Workload.first("api"));
  private final Map<String, HostSnapshot> withoutPackage = new TreeMap<>();
  private final Map<String, HostSnapshot> withPackage = new TreeMap<>();
  private List<MeshHost> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void boot() {
    hosts =
        mesh
            .lab()
            .hosts(
                MeshHost.spec("vm1", Debian.BOOKWORM),
                MeshHost.spec("vm2", Debian.TRIXIE).withNetworkd())
            .stream()
            .map(host -> new MeshHost(host, mesh.pki()))
            .toList();
    Mesh.onAll(hosts, MeshHost::uninstall);
    for (MeshHost host : hosts) {
      host.prepare(workload(host));
      withoutPackage.put(host.name(), HostSnapshot.of(host.host()));
    }
    Mesh.onAll(hosts, MeshHost::install);
    mesh.set(hosts.getFirst(), MeshHost.Mode.AGENT, workload(hosts.getFirst()));
    mesh.set(hosts.getLast(), MeshHost.Mode.DEMO, workload(hosts.getLast()));
    hosts
        .getLast()
        .configure(
            hosts.getLast().toml(MeshHost.Mode.DEMO).withText("firewall.backend", "iptables"));
    for (MeshHost host : hosts) {
      host.host().exec("systemctl", "enable", "--quiet", MeshHost.AGENT_UNIT).ok();
      withPackage.put(host.name(), withoutToken(host.host()));
    }
  }

  /** A join token is used up by the join, and does not come back. */
  private static HostSnapshot withoutToken(Host host) {
    if (!host.exists(TOKEN)) {
      return HostSnapshot.of(host);
    }
    String token = host.read(TOKEN);
    host.delete(TOKEN);
    HostSnapshot snapshot = HostSnapshot.of(host);
    host.write(TOKEN, token, "root:root", "0600");
    return snapshot;
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private Workload workload(MeshHost host) {
    Workload found = workloads.get(host.name());
    assertTrue(found != null, host::name);
    return found;
  }

  /** Joins both hosts; the snapshots would show it if it had no effect. */
  private void join() {
    Mesh.onAll(hosts, MeshHost::join);
    for (MeshHost host : hosts) {
      MeshHost other = host.equals(hosts.getFirst()) ? hosts.getLast() : hosts.getFirst();
      Workload called = workload(other);
      String url = "http://%s:%d/".formatted(other.host().ipv4(), called.port());
      assertEquals(called.name(), host.awaitRequest(workload(host), url).workload());
      String joined = differenceSince(withPackage, host);
      assertEquals(host.equals(hosts.getLast()), joined.contains(Section.IPTABLES + "\n"), joined);
      assertEquals(host.equals(hosts.getLast()), joined.contains(Section.IP6TABLES + "\n"), joined);
      for (Section section :
          List.of(
              Section.NFTABLES,
              Section.ROUTES,
              Section.DNS,
              Section.UNITS,
              Section.PROCESSES,
              Section.LINKS,
              Section.LISTENERS)) {
        assertTrue(joined.contains(section + "\n"), () -> section + " is as before:\n" + joined);
      }
    }
  }

  private static String differenceSince(Map<String, HostSnapshot> before, MeshHost host) {
    HostSnapshot then = before.get(host.name());
    assertTrue(then != null, host::name);
    return then.difference(host.snapshot());
  }

  /** Sockets and processes that are being taken down may outlive the command by a moment. */
  private static void assertAsBefore(Map<String, HostSnapshot> before, MeshHost host) {
    String[] difference = {""};
    boolean same =
        Await.value(
                Duration.ofSeconds(10),
                () -> {
                  difference[0] = differenceSince(before, host);
                  return difference[0].isEmpty() ? Optional.of(true) : Optional.<Boolean>empty();
                })
            .isPresent();
    assertTrue(same, () -> host + " is not as it was:\n" + difference[0]);
  }

  private void leavesNothing(Consumer<MeshHost> leave) {
    join();
    Mesh.onAll(hosts, leave);
    for (MeshHost host : hosts) {
      assertAsBefore(withPackage, host);
    }
  }

  @Test
  @Order(1)
  void downGivesTheHostBackAsItWas() {
    leavesNothing(DownIT::down);
  }

  private static void down(MeshHost host) {
    Result down = host.meshx("down");
    assertEquals(0, down.exit(), down::toString);
  }

  @Test
  @Order(2)
  void aSecondDownHasNothingToDo() {
    Mesh.onAll(hosts, DownIT::down);
    for (MeshHost host : hosts) {
      assertAsBefore(withPackage, host);
      assertEquals(3, host.meshx("status").exit());
    }
  }

  @Test
  @Order(3)
  void downWithADeadAgentGivesTheHostBackAsItWas() {
    leavesNothing(host -> {
      host.host()
          .sh(
              "systemctl kill --signal=KILL meshx-agent.service; systemctl stop meshx-agent.service")
          .ok();
      down(host);
    });
  }

  @Test
  @Order(4)
  void downWithDeadPartsGivesTheHostBackAsItWas() {
    leavesNothing(host -> {
      host.host().sh("systemctl kill --signal=KILL 'meshx-*.service'").ok();
      down(host);
    });
  }

  @Test
  @Order(5)
  void removingThePackageOfAJoinedHostLeavesOnlyItsConfiguration() {
    join();
    Mesh.onAll(hosts, host -> host.apt("remove", MeshHost.PACKAGE));
    for (MeshHost host : hosts) {
      assertTrue(host.host().exists(workload(host).path()));
      assertFalse(host.host().exists("/usr/lib/meshx-agent"));
      assertFalse(host.host().exists("/run/meshx-agent"));
    }
    Mesh.onAll(hosts, MeshHost::install);
    join();
  }

  @Test
  @Order(6)
  void purgingThePackageOfAJoinedHostLeavesOnlyItsUsersAndWhatTheAdministratorMade() {
    Mesh.onAll(hosts, host -> host.apt("purge", MeshHost.PACKAGE));
    for (MeshHost host : hosts) {
      assertFalse(host.host().exists(MeshHost.CONFIG));
      assertTrue(host.host().exists(workload(host).path()));
      host.host().delete("/etc/meshx-agent");
      HostSnapshot before = withoutPackage.getOrDefault(host.name(), HostSnapshot.of(host.host()));
      String difference = before.without(Section.ACCOUNTS).difference(HostSnapshot.of(host.host()));
      assertEquals("", difference);
      List<String> accounts =
          differenceSince(withoutPackage, host)
              .lines()
              .filter(line -> line.startsWith("  "))
              .filter(line -> !line.matches("  \\+ meshx(-proxy|-spire)?:x:.*"))
              .toList();
      assertEquals(List.of(), accounts);
    }
  }
}
