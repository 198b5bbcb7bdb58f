// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Answer;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Toml;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rules that somebody takes away come back by themselves, again and again, in either backend; the
 * status says who did it. Rules on trial that nobody confirms go by themselves.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HealIT {
  private static final int ROUNDS = 10;
  private static final Duration SOON = Duration.ofSeconds(20);

  /** What takes our rules away, and the name of who does it as the kernel knows it. */
  enum Disturbance {
    FLUSH_RULESET("nft flush ruleset", "nft"),
    DELETE_OUR_TABLE("nft delete table inet meshx", "nft"),
    FLUSH_ONE_CHAIN("nft flush chain inet meshx outbound", "nft"),
    RESTART_NFTABLES(
        "systemctl reset-failed nftables.service; systemctl restart nftables.service", "nft"),
    FLUSH_NAT("iptables -t nat -F", "iptables"),
    FLUSH_OUR_CHAIN("ip6tables -t nat -F MESHX_OUT", "ip6tables"),
    DELETE_OUR_JUMP(
        "iptables -t nat -D OUTPUT -m comment --comment meshx/jump -j MESHX_OUT", "iptables");

    private final String command;
    private final String by;

    Disturbance(String command, String by) {
      this.command = command;
      this.by = by;
    }
  }

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();
  private String apiUrl = "";
  private String webUrl = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    mesh.set(vm("vm1"), MeshHost.Mode.AGENT, web);
    mesh.set(vm("vm2"), MeshHost.Mode.AGENT, api);
    vm("vm2")
        .configure(vm("vm2").toml(MeshHost.Mode.AGENT).withText("firewall.backend", "iptables"));
    webUrl = mesh.service("10.96.20.1", vm("vm1"), web);
    apiUrl = mesh.service("10.96.20.2", vm("vm2"), api);
    Mesh.onAll(hosts, MeshHost::join);
    vm("vm1").awaitRequest(web, apiUrl);
    vm("vm2").awaitRequest(api, webUrl);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost vm(String name) {
    return hosts.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  private static Stream<Arguments> disturbances() {
    return Stream.concat(
        Stream.of(
                Disturbance.FLUSH_RULESET,
                Disturbance.DELETE_OUR_TABLE,
                Disturbance.FLUSH_ONE_CHAIN,
                Disturbance.RESTART_NFTABLES)
            .map(each -> Arguments.of("vm1", each)),
        Stream.of(
                Disturbance.FLUSH_RULESET,
                Disturbance.RESTART_NFTABLES,
                Disturbance.FLUSH_NAT,
                Disturbance.FLUSH_OUR_CHAIN,
                Disturbance.DELETE_OUR_JUMP)
            .map(each -> Arguments.of("vm2", each)));
  }

  @ParameterizedTest
  @MethodSource("disturbances")
  void rulesComeBackEachTimeAndTheStatusSaysWhoTookThemAway(String name, Disturbance disturbance) {
    MeshHost vm = vm(name);
    String rules = vm.ourRules();
    Status before = vm.status();
    for (int round = 0; round < ROUNDS; round++) {
      long healed = vm.status().heals().count();
      vm.host().sh(disturbance.command).ok();
      Await.until("a heal", SOON, () -> vm.status().heals().count() > healed);
      // A service that is restarted flushes twice.
      Await.until("the rules to be back", SOON, () -> vm.ourRules().equals(rules));
    }
    Status after = vm.status();
    assertTrue(after.heals().count() >= before.heals().count() + ROUNDS, after::toString);
    assertTrue(after.heals().lastBy().startsWith(disturbance.by + " (process "), after::toString);
    assertTrue(after.joined(), after::toString);
    assertTrue(
        vm.host().journal(MeshHost.AGENT_UNIT).contains("changed by " + disturbance.by),
        "the journal tells it too");
    Answer answer =
        name.equals("vm1") ? vm.awaitRequest(web, apiUrl) : vm.awaitRequest(api, webUrl);
    assertEquals(name.equals("vm1") ? web.spiffeId() : api.spiffeId(), answer.clientId());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm1", "vm2"})
  void nothingOfAClosedWorkloadIsInPlaintextWhileItsRulesAreTakenAway(String name) {
    MeshHost vm = vm(name);
    boolean first = name.equals("vm1");
    String rules = vm.ourRules();
    Load load = vm.closedLoad(first ? web : api, first ? apiUrl : webUrl, 100);
    for (int round = 0; round < 4 * ROUNDS; round++) {
      long healed = vm.status().heals().count();
      vm.host().sh("nft flush ruleset").ok();
      Await.until("a heal", SOON, () -> vm.status().heals().count() > healed);
    }
    Await.until("the rules to be back", SOON, () -> vm.ourRules().equals(rules));
    Load.Summary summary = load.end();
    assertEquals(0, summary.plain(), summary::toString);
    assertTrue(summary.ok() > 0, summary::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm1", "vm2"})
  void killedAtAnyMomentOfAnApplyTheNextAgentEndsInTheSameRules(String name) {
    MeshHost vm = vm(name);
    String rules = vm.ourRules();
    for (int round = 0; round < ROUNDS; round++) {
      // From before the flush is noticed until after the rules are back; the pause is the test.
      vm.host()
          .sh(
              "nft flush ruleset; sleep 0.0%d; systemctl kill --signal=KILL --kill-whom=all %s"
                  .formatted(round, MeshHost.AGENT_UNIT))
          .ok();
      Await.until("the rules to be back", SOON, () -> vm.ourRules().equals(rules));
      vm.awaitJoined();
    }
  }

  @Test
  void iptablesLegacyHealsWithinAPollAndIsReportedBesideNftables() {
    MeshHost vm = vm("vm2");
    String tools =
        "for t in iptables ip6tables; do update-alternatives --set $t /usr/sbin/$t-%s; done";
    vm.host().sh(tools.formatted("legacy")).ok();
    try {
      Await.until("the rules to be where iptables is", SOON, () -> legacy(vm).contains("meshx/"));
      String rules = legacy(vm);
      for (int round = 0; round < 3; round++) {
        vm.host().sh("iptables-legacy -t nat -F; ip6tables-legacy -t nat -F").ok();
        Await.until("the rules to be back", SOON, () -> legacy(vm).equals(rules));
      }
      vm.awaitRequest(api, webUrl);
    } finally {
      vm.host().sh(tools.formatted("nft")).ok();
      vm.host()
          .sh("for t in iptables-legacy ip6tables-legacy; do $t -t nat -F; $t -t nat -X; done")
          .ok();
    }
    Await.until(
        "the mix to be reported",
        SOON,
        () ->
            vm.status()
                .step("host", "interception")
                .filter(step -> step.detail().contains("iptables-legacy has a nat table beside"))
                .isPresent());
    vm.awaitJoined();
  }

  private static String legacy(MeshHost vm) {
    return vm.host()
        .sh("iptables-legacy-save -t nat; ip6tables-legacy-save -t nat")
        .ok()
        .stdout()
        .lines()
        .filter(line -> line.contains("meshx/"))
        .map(line -> line.replaceFirst("^\\[.*?] ", ""))
        .collect(joining("\n"));
  }

  @Test
  void whatOthersDoWithRulesOfTheirOwnChangesNothing() {
    MeshHost vm = vm("vm1");
    Status before = vm.status();
    vm.host()
        .sh(
            "nft add table inet others; nft add chain inet others c;"
                + " for i in $(seq 50); do nft add rule inet others c tcp dport $i accept; done;"
                + " nft delete table inet others; iptables -t nat -N OTHERS; iptables -t nat -X OTHERS")
        .ok();
    Await.until("some passes", SOON, () -> vm.status().passes() > before.passes() + 2);
    assertEquals(before.changes(), vm.status().changes());
    assertEquals(before.heals().count(), vm.status().heals().count());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm1", "vm2"})
  void aChangeThatNobodyConfirmsIsTakenBackAlsoIfTheAgentIsDead(String name) {
    MeshHost vm = vm(name);
    Workload workload = name.equals("vm1") ? web : api;
    Toml agent = vm.toml(MeshHost.Mode.AGENT);
    if (name.equals("vm2")) {
      agent = agent.withText("firewall.backend", "iptables");
    }
    String before = vm.ourRules();
    vm.configure(agent.withText("firewall.confirm_within", "5s"));
    Await.until(
        "changes to be on trial", SOON, () -> vm.status().step("host", "confirmation").isPresent());
    assertEquals(before, vm.ourRules());

    vm.host()
        .write(
            workload.path(),
            workload
                .toml()
                .with(
                    "port", "[{ name = \"http\", port = 8000 }, { name = \"more\", port = 8001 }]")
                .text());
    Await.until("the rules to change", SOON, () -> vm.ourRules().contains("8001"));
    vm.host()
        .sh(
            "systemctl kill --signal=KILL --kill-whom=all %1$s; systemctl stop %1$s"
                .formatted(MeshHost.AGENT_UNIT))
        .ok();
    Await.until("the rules from before", SOON, () -> vm.ourRules().equals(before));

    vm.start();
    Await.until(
        "the status to say what is to be done",
        SOON,
        () ->
            vm.status()
                .step("host", "confirmation")
                .filter(step -> step.detail().contains("did not come within 5 s"))
                .isPresent());
    assertEquals(before, vm.ourRules());
    vm.meshx("confirm").ok();
    vm.awaitJoined();
    assertTrue(vm.ourRules().contains("8001"), vm::ourRules);

    vm.host().write(workload.path(), workload.toml().text());
    vm.configure(agent);
    vm.awaitJoined();
    assertEquals(before, vm.ourRules());
  }

  /** What Docker puts into the nat tables, first, and somebody's forwarded port. */
  @ParameterizedTest
  @ValueSource(strings = {"vm1", "vm2"})
  void chainsOfAContainerRuntimeAndOursLeaveEachOtherAlone(String name) {
    MeshHost vm = vm(name);
    boolean first = name.equals("vm1");
    String rules = vm.ourRules();
    vm.host()
        .sh(
            """
            iptables -t nat -N DOCKER
            iptables -t nat -I PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
            iptables -t nat -I OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
            iptables -t nat -A DOCKER -p tcp --dport 9999 -j DNAT --to-destination 172.17.0.2:80
            iptables -t nat -I POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
            """)
        .ok();
    String others =
        vm.host().sh("iptables-save -t nat | grep -e DOCKER -e MASQUERADE").ok().stdout();
    long healed = vm.status().heals().count();
    vm.awaitRequest(first ? web : api, first ? apiUrl : webUrl);
    vm("vm" + (first ? 2 : 1)).awaitRequest(first ? api : web, first ? webUrl : apiUrl);
    assertEquals(rules, vm.ourRules());
    assertEquals(healed, vm.status().heals().count());

    vm.host().sh("nft flush chain inet meshx outbound || iptables -t nat -F MESHX_OUT").ok();
    Await.until("the rules to be back", SOON, () -> vm.ourRules().equals(rules));
    assertEquals(
        others, vm.host().sh("iptables-save -t nat | grep -e DOCKER -e MASQUERADE").ok().stdout());
    vm.host()
        .sh(
            """
            iptables -t nat -D PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
            iptables -t nat -D OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
            iptables -t nat -F DOCKER
            iptables -t nat -X DOCKER
            iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
            """)
        .ok();
  }

  @Test
  void anotherBackendTakesOverWhileRequestsGoOn() {
    MeshHost vm = vm("vm1");
    String inNftables = vm.ourRules();
    var load = vm.load(web, apiUrl, 50);
    for (String backend : List.of("iptables", "nftables")) {
      vm.configure(vm.toml(MeshHost.Mode.AGENT).withText("firewall.backend", backend));
      Await.until(
          "the rules to be in " + backend,
          SOON,
          () ->
              vm.status()
                  .step("host", "interception")
                  .filter(step -> step.state().equals("done"))
                  .filter(step -> step.detail().endsWith(" by " + backend))
                  .isPresent());
    }
    var summary = load.end();
    assertEquals(0, summary.failed(), summary::toString);
    assertEquals(inNftables, vm.ourRules());
  }
}
