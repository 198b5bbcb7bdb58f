// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Step;
import io.meshx.it.host.vagrant.VagrantHost;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What only a machine of its own has: power that fails, a clock, a kernel without modules, the
 * firewalls' services at boot, an out-of-memory killer. Each case begins with two machines that
 * have joined, brought back from what was kept of them.
 */
@Tag("whole-machine")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class WholeMachineIT {
  private static final String JOINED = "joined";
  private static final int REQUESTS_PER_SECOND = 5;
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration STOOD_STILL = Duration.ofMinutes(10);

  private final Mesh mesh = Mesh.open();
  private Pair pair = new Pair(List.of());

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    // A server takes no agent whose SVID it has replaced, which is what an old snapshot holds.
    mesh.spireServer(SpireServer.Settings.DEFAULT.withAgentTtl(Duration.ofHours(20)));
    pair = Pair.join(mesh);
    Mesh.onAll(pair.hosts(), host -> machine(host).save(JOINED));
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  @BeforeEach
  void bringBack() {
    Mesh.onAll(
        pair.hosts(),
        host -> {
          machine(host).restore(JOINED);
          machine(host).setClock();
        });
    awaitMeshed();
  }

  private static VagrantHost machine(MeshHost host) {
    return (VagrantHost) host.host();
  }

  private MeshHost vm1() {
    return pair.hosts().getFirst();
  }

  private MeshHost vm2() {
    return pair.hosts().getLast();
  }

  private void awaitMeshed() {
    Mesh.onAll(pair.hosts(), MeshHost::awaitJoined);
    pair.awaitRequests();
  }

  private Load load() {
    return vm1().load(pair.workload(vm1()), pair.url(vm2()), REQUESTS_PER_SECOND);
  }

  /** After what happened every request is answered, by a peer that knows who asks. */
  private void assertServed() {
    Load load = load();
    Await.until(
        "some requests",
        SOON,
        () -> vm2().request(pair.workload(vm2()), pair.url(vm1())).pid() > 0);
    Load.Summary after = load.end();
    assertEquals(0, after.failed(), after::toString);
    assertEquals(0, after.plain(), after::toString);
  }

  /** How a machine goes down and comes up. */
  enum Way {
    REBOOT,
    CUT
  }

  @ParameterizedTest
  @EnumSource
  void underLoadAMachineGoesDownAndIsBackWithoutAHand(Way way) {
    Load load = load();
    try (Step step = Step.of("from down to joined, " + way)) {
      switch (way) {
        case REBOOT -> machine(vm2()).reboot();
        case CUT -> {
          machine(vm2()).kill();
          machine(vm2()).boot();
        }
      }
      vm2().awaitJoined();
      step.done();
    }
    Step.note(vm2().host().exec("systemd-analyze").out());
    pair.awaitRequests();
    Load.Summary summary = load.end();
    // Nobody may have been served who was not asked for a name.
    assertEquals(0, summary.plain(), summary::toString);
    assertTrue(summary.ok() > 0, summary::toString);
    assertServed();
  }

  @ParameterizedTest
  @ValueSource(strings = {"+1 hour", "-1 hour"})
  void aClockThatIsAnHourWrongIsSurvived(String off) {
    vm2().host().exec("date", "--set=" + off).ok();
    vm2().host().exec("systemctl", "restart", MeshHost.SPIRE_AGENT_UNIT);
    Await.until(
        "the status to say that something is wrong",
        SOON,
        () -> !vm2().meshx("status", "--json").stdout().contains("\"joined\":true"));
    Step.note(vm2().meshx("status").stdout());

    machine(vm2()).setClock();

    awaitMeshed();
    assertServed();
  }

  @Test
  void aMachineThatStoodStillGoesOn() {
    machine(vm2()).restore(JOINED);
    // What was kept is older with each case. Half an hour behind, new SVIDs of peers are not valid
    // yet.
    machine(vm2()).setClock(Instant.now().minus(STOOD_STILL));
    awaitMeshed();
    assertServed();
    machine(vm2()).setClock();
    awaitMeshed();
    assertServed();
  }

  /** A unit whose process the kernel ends for want of memory. */
  enum Victim {
    AGENT(MeshHost.AGENT_UNIT),
    SPIRE_AGENT(MeshHost.SPIRE_AGENT_UNIT),
    DNS("meshx-dns.service"),
    PROXY("meshx-proxy-api.service"),
    WORKLOAD("meshx-workload-api.service");

    private final String unit;

    Victim(String unit) {
      this.unit = unit;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aProcessThatTheKernelEndsForWantOfMemoryComesBack(Victim victim) {
    String before = run(victim);
    vm2()
        .host()
        .sh(
            "pid=$(systemctl show -p MainPID --value %s); choom -p $pid -n 1000; echo f > /proc/sysrq-trigger"
                .formatted(victim.unit))
        .ok();
    Await.until(
        victim.unit + " to run again",
        Duration.ofSeconds(60),
        () -> {
          String now = run(victim);
          return now.contains("ActiveState=active") && !now.equals(before);
        });
    String kernel = machine(vm2()).console();
    assertTrue(kernel.contains("Out of memory") || kernel.contains("oom-kill"), kernel);
    awaitMeshed();
    assertServed();
  }

  private String run(Victim victim) {
    return vm2()
        .host()
        .exec("systemctl", "show", "-p", "ActiveState,InvocationID,MainPID", victim.unit)
        .ok()
        .out();
  }

  @Test
  void legacyIptablesLoadsItsModulesAtBoot() {
    vm2().configure(vm2().toml(MeshHost.Mode.AGENT).withText("firewall.backend", "iptables"));
    choose("iptables", "iptables-legacy");
    choose("ip6tables", "ip6tables-legacy");
    machine(vm2()).reboot();
    awaitMeshed();
    for (String save : List.of("iptables-legacy-save", "ip6tables-legacy-save")) {
      assertTrue(vm2().host().exec(save, "-t", "nat").ok().stdout().contains("meshx/"), save);
    }
    assertFalse(
        vm2().host().sh("iptables-nft-save -t nat 2>/dev/null").stdout().contains("meshx/"));
    String modules = vm2().host().read("/proc/modules");
    assertTrue(modules.contains("\niptable_nat "), modules);
    assertTrue(modules.contains("\nip6table_nat "), modules);
    assertServed();
  }

  private void choose(String name, String program) {
    vm2().host().exec("update-alternatives", "--set", name, "/usr/sbin/" + program).ok();
  }

  @Test
  void theServiceOfNftablesThatFlushesAllAtBootLeavesTheMeshAlone() {
    vm2()
        .host()
        .write(
            "/etc/nftables.conf",
            """
            #!/usr/sbin/nft -f
            flush ruleset
            table inet filter {
              chain input {
                type filter hook input priority filter; policy drop;
                ct state established,related accept
                iif lo accept
                ip protocol icmp accept
                meta l4proto ipv6-icmp accept
                tcp dport { 22, 4143 } accept
              }
            }
            """,
            "root:root",
            "0755");
    vm2().host().exec("systemctl", "enable", "nftables").ok();
    machine(vm2()).reboot();
    awaitMeshed();
    assertTrue(
        vm2().host().exec("nft", "list", "table", "inet", "filter").ok().stdout().contains("4143"));
    assertServed();

    vm2().host().exec("systemctl", "restart", "nftables").ok(); // It flushes ours too.

    awaitMeshed();
    assertServed();
  }

  @Test
  void theServiceOfFirewalldAtBootLetsPeersIn() {
    // Without it firewalld refuses what is redirected over IPv6, and the status says this very
    // line.
    vm2()
        .host()
        .sh("sed -i 's/^RFC3964_IPv4=.*/RFC3964_IPv4=no/' /etc/firewalld/firewalld.conf")
        .ok();
    vm2().host().exec("systemctl", "enable", "firewalld").ok();
    machine(vm2()).reboot();
    awaitMeshed();
    assertEquals("running", vm2().host().exec("firewall-cmd", "--state").out());
    assertServed();

    vm2().host().exec("systemctl", "restart", "firewalld").ok();

    awaitMeshed();
    assertServed();
  }

  @Test
  void aServiceIsMeshedByItsControlGroupOfVersionTwoAndStaysSoAtBoot() {
    assertEquals("cgroup2fs", vm2().host().exec("stat", "-fc", "%T", "/sys/fs/cgroup").out());
    Workload old = Workload.numbered("old", 1);
    vm2()
        .host()
        .write(
            "/etc/systemd/system/old.service",
            """
            [Service]
            User=nobody
            Environment=WORKLOAD_NAME=old
            ExecStart=/workload/start -listen :8001
            [Install]
            WantedBy=multi-user.target
            """);
    vm2().host().exec("systemctl", "enable", "--now", "old.service").ok();
    vm2().registerWorkload(mesh.spireServer(), old);
    String url = mesh.service("10.96.20.9", vm2(), old);
    vm2()
        .host()
        .write(
            old.path(),
            old.toml()
                .without("process.user")
                .without("process.exec")
                .withText("process.unit", "old.service")
                .withText("process.take_over", "restart")
                .text());
    String asker = pair.workload(vm1()).spiffeId();
    assertEquals(asker, vm1().awaitRequest(pair.workload(vm1()), url).clientId());

    machine(vm2()).reboot();

    awaitMeshed();
    assertEquals(asker, vm1().awaitRequest(pair.workload(vm1()), url).clientId());
    assertTrue(
        vm2()
            .host()
            .exec("nft", "list", "table", "inet", "meshx")
            .ok()
            .stdout()
            .contains("cgroupv2"));
  }
}
