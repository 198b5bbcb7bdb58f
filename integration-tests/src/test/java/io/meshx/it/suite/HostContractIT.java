// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.Lab;
import io.meshx.it.cluster.Cluster;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSpec;
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

/** What suites expect of a {@link Host}, of whatever kind it is. */
@Tag("harness")
@Tag("any-host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class HostContractIT {
  private final Lab lab = Lab.open();
  private List<Host> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(() -> lab);

  @BeforeAll
  void boot() {
    hosts = lab.hosts(HostSpec.of("vm1", Debian.BOOKWORM), HostSpec.of("vm2", Debian.TRIXIE));
  }

  @AfterAll
  void close() {
    lab.close();
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
  void runIsAUnitOfTheHost(Host host) {
    assertTrue(host.run("cat", "/proc/self/cgroup").ok().out().contains("system.slice/run-"));
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
  void aHostHasABpfFileSystemAndBothBackendsOfIptables(Host host) {
    assertEquals("bpf", host.exec("findmnt", "-no", "FSTYPE", "/sys/fs/bpf").ok().out());
    host.exec("iptables-nft-save").ok();
    host.exec("iptables-legacy-save").ok();
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
