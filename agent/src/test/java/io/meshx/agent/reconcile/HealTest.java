// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.host.LegacyTables;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Story;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules that somebody changes are put back at once, counted, and never waited for. */
class HealTest {
  private static final Duration A_MOMENT = Duration.ofMillis(200);
  private static final Disturber FIREWALLD = new Disturber("firewalld", 712);

  private final Path directory;

  HealTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private AgentConfig config() throws ConfigException {
    return ConfigDirectory.minimal(directory, "agent").workload("web", Map.of()).read();
  }

  @Test
  void aFlushThatIsToldIsHealedAtOnceAndNamesWhoDidIt() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    String rules = host.firewall.toString();

    host.firewall.wipe();
    host.ruleWatch.tell(FIREWALLD);
    story.after(A_MOMENT);

    assertEquals(rules, host.firewall.toString());
    assertEquals(1, story.healed().count());
    assertEquals(Optional.of(FIREWALLD), story.healed().last().orElseThrow().by());
  }

  @Test
  void aFlushThatNobodyTellsIsHealedWithTheNextFullLook() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();

    host.firewall.flush();
    story.after(Duration.ofSeconds(30));

    assertTrue(story.plan().complete());
    assertEquals(1, story.healed().count());
    assertEquals(Optional.empty(), story.healed().last().orElseThrow().by());
  }

  @Test
  void legacyTablesAreLookedAtEveryFewSecondsSinceNobodyTells() throws ConfigException {
    FakeHost host = new FakeHost("web").legacy(new LegacyTables(true, true));
    Story story =
        Story.of(
                host,
                ConfigDirectory.minimal(directory, "agent")
                    .agent("firewall.backend", "\"iptables\"")
                    .workload("web", Map.of())
                    .read())
            .settle();
    assertTrue(story.plan().complete(), story.plan()::text);
    assertFalse(story.plan().text().contains("iptables-legacy"), story.plan()::text);
    String rules = host.firewall.toString();
    host.firewall.wipe();
    story.after(Duration.ofSeconds(2));
    assertEquals(rules, host.firewall.toString());
  }

  @Test
  void rulesAreLookedAtOnceWhenTheHostTurnsToOtherTables() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    String rules = host.firewall.toString();

    host.legacy(new LegacyTables(true, false));
    host.firewall.wipe();
    story.after(Duration.ofSeconds(10));

    assertEquals(rules, host.firewall.toString());
  }

  @Test
  void aNatTableOfIptablesLegacyBesideOursIsReported() throws ConfigException {
    FakeHost host = new FakeHost("web").legacy(new LegacyTables(false, true));
    Story story = Story.of(host, config()).settle();
    assertTrue(
        story.plan().text().contains("by nftables; iptables-legacy has a nat table beside it"),
        story.plan()::text);
  }

  @Test
  void changesOfOthersThatLeaveOurRulesAloneAreNoHeal() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    long changes = story.changes();

    host.ruleWatch.tell(FIREWALLD);
    story.after(A_MOMENT);

    assertEquals(changes, story.changes());
    assertEquals(Healed.NONE, story.healed());
  }

  @Test
  void joiningAndLeavingIsNoHealAndIsNeverMadeToWait() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    AgentConfig both =
        ConfigDirectory.minimal(directory, "agent")
            .workload("web", Map.of())
            .workload(
                "api",
                Map.of("proxy.inbound", "4243", "proxy.outbound", "4240", "proxy.admin", "4291"))
            .read();
    TreeMap<WorkloadName, AgentConfig.Workload> one = new TreeMap<>(both.workloads());
    one.remove(new WorkloadName("api"));
    Story story = Story.of(host, both).settle();
    for (int round = 0; round < 10; round++) {
      assertTrue(story.configure(both.with(one)).plan().complete(), story.plan()::text);
      assertTrue(story.configure(both).plan().complete(), story.plan()::text);
    }
    assertEquals(Healed.NONE, story.healed());
  }

  @Test
  void twoHundredFlushesInARowAreEachHealedAtOnce() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    String rules = host.firewall.toString();
    for (int flush = 1; flush <= 200; flush++) {
      host.firewall.wipe();
      host.ruleWatch.tell(FIREWALLD);
      story.after(A_MOMENT);
      assertEquals(rules, host.firewall.toString(), "after flush " + flush);
      assertEquals(flush, story.healed().count());
    }
  }

  @Test
  void aFightIsSlowedDown() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    for (int flush = 0; flush < 100; flush++) {
      host.firewall.wipe();
      host.ruleWatch.tell(FIREWALLD);
      story.after(Duration.ofMillis(60));
    }
    // Six seconds: the burst, ten a second after it, and no more.
    long count = story.healed().count();
    assertTrue(count >= 20 && count <= 90, () -> "healed " + count + " times");
    assertTrue(story.after(Duration.ofSeconds(1)).plan().complete());
  }

  @Test
  void aRunningWorkloadIsRedirectedAgainEvenIfItsProxyFailedMeanwhile() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    String rules = host.firewall.toString();

    host.proxy("web", new ProxyHealth.NotReady(List.of("the policy controller")));
    story.after(Duration.ofSeconds(10));
    host.firewall.wipe();
    host.ruleWatch.tell(FIREWALLD);
    story.after(A_MOMENT);

    assertFalse(story.plan().complete());
    assertEquals(rules, host.firewall.toString());
  }

  @Test
  void connectionsThatWereBegunWithoutRulesAreForgottenOnceTheRulesAreBack()
      throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig config =
        ConfigDirectory.minimal(directory, "agent")
            .workload("web", Map.of("intercept.skip_outbound_ports", "[5432]"))
            .read();
    Story story = Story.of(host, config).settle();

    host.firewall.wipe();
    host.connections.begin(1001, "198.51.100.1", 80);
    host.connections.begin(1001, "198.51.100.1", 5432);
    host.connections.begin(1001, "127.0.0.1", 80);
    host.connections.begin(2000, "198.51.100.1", 80);
    host.ruleWatch.tell(FIREWALLD);
    story.after(A_MOMENT);

    assertTrue(story.plan().complete(), story.plan()::text);
    assertTrue(story.told().contains("forget 1 connection that was begun"), story::told);
    assertEquals(
        List.of("127.0.0.1:80", "198.51.100.1:5432"),
        host.connections.halfOpen(Set.of(new Scope.User(1001))).stream()
            .map(each -> each.destination() + ":" + each.destinationPort())
            .sorted()
            .toList());
    assertEquals(1, host.connections.halfOpen(Set.of(new Scope.User(2000))).size());
  }

  @Test
  void anotherBackendIsFilledBeforeTheFirstIsEmptied() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story.of(host, config()).settle();
    assertTrue(host.firewall.toString().contains("nft outbound"), host.firewall::toString);

    ConfigDirectory other = ConfigDirectory.minimal(directory, "agent");
    other.agent("firewall.backend", "\"iptables\"").workload("web", Map.of());
    Story story = Story.of(host, other.read()).settle();

    assertTrue(story.plan().complete(), story.plan()::text);
    assertFalse(host.firewall.toString().contains("nft "), host.firewall::toString);
    assertTrue(host.firewall.toString().contains("MESHX_OUT"), host.firewall::toString);
    assertEquals(
        List.of("restore nftables", "restore V4", "restore V6", "restore nftables"),
        host.firewall.operations());
    assertTrue(story.told().contains("set redirect rules: web, in both backends by iptables"));
    assertEquals(Healed.NONE, story.healed());
  }

  @Test
  void anOpenWorkloadIsRedirectedOnlyWhileItsProxyIsReadyAndTheStatusShoutsIt()
      throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig open =
        ConfigDirectory.minimal(directory, "agent")
            .workload("web", Map.of("intercept.on_proxy_down", "\"open\""))
            .read();
    Story story = Story.of(host, open).settle();
    String rules = host.firewall.toString();
    assertEquals("", host.filters.toString());

    host.proxy("web", new ProxyHealth.NotReady(List.of("the policy controller")));
    story.after(Duration.ofSeconds(1));
    assertEquals("", host.firewall.toString());
    assertTrue(story.plan().text().contains("its traffic is NOT ENCRYPTED"), story.plan()::text);

    host.proxy("web", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
    story.after(Duration.ofSeconds(1));
    assertEquals(rules, host.firewall.toString());
    assertTrue(story.plan().complete(), story.plan()::text);
    assertEquals(Healed.NONE, story.healed());
  }

  @Test
  void whatComesInToAWorkloadWithAnOpenInboundGoesPastAProxyThatIsNotReadyAndNothingLeaves()
      throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig config =
        ConfigDirectory.minimal(directory, "agent")
            .workload(
                "web",
                Map.of(
                    "intercept.inbound_on_proxy_down", "\"open\"",
                    "port", "[{ name = \"http\", port = 8000 }]"))
            .read();
    Story story = Story.of(host, config).settle();
    String rules = host.firewall.toString();
    assertTrue(rules.contains("meshx/web/redirect-inbound"), rules);

    host.proxy("web", new ProxyHealth.NotReady(List.of("the policy controller")));
    story.after(Duration.ofSeconds(1));
    String without = host.firewall.toString();
    assertTrue(without.contains("meshx/web/redirect-outbound"), without);
    assertFalse(without.contains("meshx/web/redirect-inbound"), without);
    assertTrue(
        story.plan().text().contains("connections to its ports are NOT ENCRYPTED"),
        story.plan()::text);

    host.proxy("web", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
    story.after(Duration.ofSeconds(1));
    assertEquals(rules, host.firewall.toString());
    assertTrue(story.plan().complete(), story.plan()::text);
  }
}
