// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.Lab;
import io.meshx.it.Sweep;
import io.meshx.it.cluster.Cluster;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.host.HostSpec;
import io.meshx.it.net.LabId;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The lab keeps its promises, on a host of each layout. */
@Tag("harness")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class HarnessIT {
  private final Lab lab = Lab.open();
  private List<Host> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(() -> lab);

  @BeforeAll
  void boot() {
    hosts =
        lab.hosts(
            HostSpec.of("vm1", Debian.BOOKWORM),
            HostSpec.of("vm2", Debian.TRIXIE),
            HostSpec.of("vm3", Debian.BOOKWORM).withNetworkd());
  }

  @AfterAll
  void close() {
    LabId id = lab.id();
    lab.close();
    assertEquals(List.of(), Sweep.leftovers(id));
  }

  Stream<Host> hosts() {
    return hosts.stream();
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aCommandThatTakesTooLongIsEnded(Host host) {
    assertThrows(LabException.class, () -> host.run(Duration.ofMillis(500), "sleep", "4711"));
    assertThrows(LabException.class, () -> host.exec(Duration.ofMillis(300), "sleep", "4711"));
    Await.until(
        "both to be gone",
        Duration.ofSeconds(5),
        () -> !host.exec("pgrep", "-f", "sleep 4711").succeeded());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void cgroupsAreAsDescribed(Host host) {
    boolean v2 = host.exec("test", "-e", "/sys/fs/cgroup/cgroup.controllers").succeeded();
    assertEquals(host.description().contains("cgroup v2"), v2);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theClusterIsReachedOnlyOverItsRoutes(Host host) {
    lab.cluster().dns().record("web.default.svc.cluster.local", "10.96.7.7", "fd96::7");
    String server = "@" + Cluster.DNS_SERVICE;
    String name = "web.default.svc.cluster.local";
    List<String> ask = List.of("dig", "+short", "+tries=1", "+time=1", server, name);

    assertFalse(host.exec("ping", "-c1", "-W1", Cluster.DNS_SERVICE).succeeded());
    host.exec("ip", "route", "add", Cluster.SERVICE_CIDR, "via", Cluster.GATEWAY.ipv4()).ok();
    assertEquals("10.96.7.7", host.exec(ask.toArray(String[]::new)).ok().out());
    assertEquals("", host.exec("dig", "+short", server, Cluster.WORLD_NAME).ok().out());
    lab.cluster().dns().record(name, "10.96.7.8");
    assertEquals("10.96.7.8", host.exec(ask.toArray(String[]::new)).ok().out());
    lab.cluster().dns().record(name);
    assertEquals("", host.exec(ask.toArray(String[]::new)).ok().out());
    host.exec("ip", "route", "del", Cluster.SERVICE_CIDR).ok();
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void aSnapshotShowsWhatChangedAndNothingElse(Host host) {
    HostSnapshot before = HostSnapshot.of(host);
    host.sh(
        """
        iptables -t nat -N MESHX_X
        iptables -t nat -A OUTPUT -p tcp -j MESHX_X
        nft add table inet meshx
        nft add chain inet meshx x
        ip route add 10.244.0.0/16 via 10.77.0.1
        ip rule add fwmark 7 lookup 7
        resolvectl domain eth0 '~cluster.local'
        systemd-run --quiet --unit=meshx-x.service sleep 600
        touch /run/meshx-file
        """);
    String changed = before.difference(HostSnapshot.of(host));
    for (String line :
        List.of(
            "+ -A OUTPUT -p tcp -j MESHX_X",
            "+ table inet meshx {",
            "+ 10.244.0.0/16 via 10.77.0.1",
            "fwmark 0x7 lookup 7",
            "~cluster.local",
            "+ meshx-x.service",
            "sleep",
            "+ /run/meshx-file")) {
      assertTrue(changed.contains(line), () -> "'" + line + "' is not in: " + changed);
    }
    host.sh(
        """
        iptables -t nat -D OUTPUT -p tcp -j MESHX_X
        iptables -t nat -X MESHX_X
        nft delete table inet meshx
        ip route del 10.244.0.0/16
        ip rule del fwmark 7
        resolvectl revert eth0
        systemctl stop meshx-x.service
        rm /run/meshx-file
        """);
    Await.until(
        "the change to be undone",
        Duration.ofSeconds(5),
        () -> before.difference(HostSnapshot.of(host)).isEmpty());
    assertEquals("", before.difference(HostSnapshot.of(host)));
  }

  @Test
  @Order(100)
  void limitsAreEnforcedOnTheHybridLayout() {
    Host host = hosts.getFirst();
    Result result =
        host.run(
            "systemd-run",
            "--wait",
            "--pipe",
            "--quiet",
            "--property=MemoryMax=30M",
            "--property=MemorySwapMax=0",
            "python3",
            "-c",
            "x = bytearray(200_000_000)");
    assertFalse(result.succeeded(), result::toString);
  }
}
