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
import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.host.HostSpec;
import io.meshx.it.net.LabId;
import java.time.Duration;
import java.util.ArrayList;
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
  void commandsRunWithTheirArgumentsAsGiven(Host host) {
    List<String> odd = List.of("$HOME", "a b", "%n", "", "'\"\\", "${X}", "*", "ü");
    List<String> argv = new ArrayList<>(List.of("printf", "<%s>"));
    argv.addAll(odd);
    String wanted = "<" + String.join("><", odd) + ">";

    assertEquals(wanted, host.run(argv.toArray(String[]::new)).ok().stdout());
    assertEquals(wanted, host.exec(argv.toArray(String[]::new)).ok().stdout());
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void exitStatusAndBothOutputsComeBack(Host host) {
    for (Result result :
        List.of(
            host.run("sh", "-c", "echo out; echo err >&2; exit 7"),
            host.exec("sh", "-c", "echo out; echo err >&2; exit 7"))) {
      assertEquals(7, result.exit());
      assertEquals("out\n", result.stdout());
      assertEquals("err\n", result.stderr());
      assertTrue(assertThrows(LabException.class, result::ok).toString().contains("status 7"));
    }
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
  void runIsAUnitOfTheHost(Host host) {
    assertTrue(host.run("cat", "/proc/self/cgroup").ok().out().contains("system.slice/run-"));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void cgroupsAreAsDescribed(Host host) {
    boolean v2 = host.exec("test", "-e", "/sys/fs/cgroup/cgroup.controllers").succeeded();
    assertEquals(host.description().contains("cgroup v2"), v2);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void filesHaveTheOwnerAndModeThatWereAskedFor(Host host) {
    host.write("/etc/new/dir/file", "one\n", "nobody:daemon", "0640");
    host.write("/etc/new/dir/file", "two\n", "nobody:daemon", "0640");
    assertEquals("two\n", host.read("/etc/new/dir/file"));
    assertEquals(
        "nobody:daemon 640", host.exec("stat", "-c", "%U:%G %a", "/etc/new/dir/file").ok().out());
    assertEquals("file", host.exec("ls", "-A", "/etc/new/dir").ok().out());
    host.delete("/etc/new");
    assertFalse(host.exists("/etc/new"));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theJournalOfAUnitIsRead(Host host) {
    host.exec("systemd-run", "--quiet", "--wait", "--unit=says.service", "echo", "hear this").ok();
    Await.until(
        "the message",
        Duration.ofSeconds(5),
        () -> host.journal("says.service").contains("hear this"));
    assertTrue(host.journal("*").contains("hear this"));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void theBusAnswersFromOutside(Host host) {
    Result answer =
        Command.of(
                "busctl",
                "--address=" + host.systemBusAddress(),
                "get-property",
                "org.freedesktop.systemd1",
                "/org/freedesktop/systemd1",
                "org.freedesktop.systemd1.Manager",
                "Version")
            .run();
    assertTrue(answer.ok().out().startsWith("s \"25"), answer::toString);
  }

  @Test
  void hostsReachEachOther() {
    Host one = hosts.getFirst();
    Host two = hosts.getLast();
    one.exec("ping", "-c1", "-W2", two.ipv4()).ok();
    two.exec("ping", "-c1", "-W2", one.ipv4()).ok();
    one.exec("ping", "-c1", "-W2", two.ipv6()).ok();
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void ordinaryNamesResolveByTheOrdinaryServer(Host host) {
    assertEquals(
        Cluster.WORLD_ADDRESS + " " + Cluster.WORLD_NAME,
        host.exec("getent", "ahostsv4", Cluster.WORLD_NAME)
            .ok()
            .lines()
            .getFirst()
            .replaceAll("\\s+STREAM\\s+", " "));
    host.exec("ping", "-c1", "-W2", Cluster.WORLD_ADDRESS).ok();
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
  void aHostHasABpfFileSystemAndBothBackendsOfIptables(Host host) {
    assertEquals("bpf", host.exec("findmnt", "-no", "FSTYPE", "/sys/fs/bpf").ok().out());
    host.exec("iptables-nft-save").ok();
    host.exec("iptables-legacy-save").ok();
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

  @ParameterizedTest
  @Order(200)
  @MethodSource("hosts")
  void aRebootKeepsTheDiskAndNothingElse(Host host) {
    disturb(host);
    host.reboot();
    assertUndisturbed(host);
  }

  @ParameterizedTest
  @Order(201)
  @MethodSource("hosts")
  void aPowerCutKeepsTheDiskAndNothingElse(Host host) {
    disturb(host);
    host.kill();
    assertFalse(host.running());
    assertTrue(host.journal("*").contains("before the end"));
    assertThrows(LabException.class, () -> host.exec("true"));
    host.boot();
    assertUndisturbed(host);
  }

  @ParameterizedTest
  @Order(202)
  @MethodSource("hosts")
  void aHostShutsDownAndBootsAgain(Host host) {
    disturb(host);
    host.shutdown();
    assertFalse(host.running());
    host.boot();
    assertUndisturbed(host);
  }

  private static void disturb(Host host) {
    host.sh(
            """
            ip route add 10.244.0.0/16 via 10.77.0.1
            iptables -t nat -N MESHX_X
            systemd-run --quiet --unit=meshx-x.service sleep 600
            touch /run/passing; echo kept > /var/lib/kept; sync
            logger before the end
            journalctl --sync
            """)
        .ok();
  }

  private static void assertUndisturbed(Host host) {
    assertEquals("kept\n", host.read("/var/lib/kept"));
    assertFalse(host.exists("/run/passing"));
    assertFalse(host.exec("ip", "route").ok().out().contains("10.244"));
    assertFalse(host.exec("iptables-save").ok().out().contains("MESHX_X"));
    assertEquals("inactive", host.exec("systemctl", "is-active", "meshx-x.service").out());
    assertTrue(host.exec("journalctl", "--no-pager").ok().out().contains("before the end"));
    host.exec("ping", "-c1", "-W2", Cluster.WORLD_ADDRESS).ok();
    assertTrue(host.exec("getent", "hosts", Cluster.WORLD_NAME).succeeded());
  }
}
