// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Story;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A change of the rules is on trial until somebody confirms it, and is taken back otherwise. */
class TrialTest {
  private static final Duration LATER = Duration.ofSeconds(30);

  private final Path directory;

  TrialTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private AgentConfig both() throws ConfigException {
    return ConfigDirectory.minimal(directory, "agent")
        .agent("firewall.confirm_within", "\"60s\"")
        .workload("web", Map.of())
        .workload(
            "api", Map.of("proxy.inbound", "4243", "proxy.outbound", "4240", "proxy.admin", "4291"))
        .read();
  }

  private AgentConfig webOnly() throws ConfigException {
    AgentConfig both = both();
    TreeMap<WorkloadName, AgentConfig.Workload> one = new TreeMap<>(both.workloads());
    one.remove(new WorkloadName("api"));
    return both.with(one);
  }

  /** The deadline passes: systemd runs what takes the rules back, and keeps the unit as failed. */
  private static void expire(FakeHost host) {
    host.firewall.apply(host.trials.observe().before().orElseThrow());
    host.units.set(OurUnits.ROLLBACK, new Activity.Failed("exit-code", 1));
  }

  @Test
  void aJoinGoesThroughOnTrialAndSaysSo() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story story = Story.of(host, webOnly()).settle();

    assertTrue(host.units.activity(OurUnits.workload(new WorkloadName("web"))).isPresent());
    assertFalse(story.plan().complete());
    assertTrue(story.plan().text().contains("'meshx confirm' within 60 s"), story.plan()::text);
    // What takes the rules back runs before they are changed.
    assertTrue(
        story.told().indexOf("start unit meshx-rollback")
            < story.told().indexOf("set redirect rules"),
        story::told);
  }

  @Test
  void whatIsConfirmedStaysAndIsNeverOnTrialAgain() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story story = Story.of(host, webOnly()).settle().confirm();

    assertTrue(story.plan().complete(), story.plan()::text);
    assertEquals(Optional.empty(), host.units.activity(OurUnits.ROLLBACK));

    host.reboot();
    Story next = Story.of(host, webOnly()).settle();
    assertTrue(next.plan().complete(), next.plan()::text);
    assertFalse(next.told().contains("meshx-rollback"), next::told);
  }

  @Test
  void whatNobodyConfirmsIsTakenBackAndHeldUntilSomebodyDoes() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story story = Story.of(host, webOnly()).settle().confirm();
    String before = host.firewall.toString();

    story.configure(both());
    assertFalse(host.firewall.toString().equals(before));
    expire(host);
    story.after(LATER);

    assertEquals(before, host.firewall.toString());
    assertTrue(story.plan().text().contains("which did not come within 60 s"), story.plan()::text);
    host.firewall.wipe();
    story.after(LATER);
    assertEquals(before, host.firewall.toString(), "those from before are healed");

    story.confirm();
    assertTrue(story.plan().complete(), story.plan()::text);
    assertTrue(host.firewall.toString().contains("meshx/api/"), host.firewall::toString);
    assertEquals(Optional.empty(), host.units.activity(OurUnits.ROLLBACK));
  }

  @Test
  void rulesThatAreFlushedWhileOnTrialComeBack() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story story = Story.of(host, webOnly()).settle();
    String rules = host.firewall.toString();
    host.firewall.wipe();
    story.after(LATER);
    assertEquals(rules, host.firewall.toString());
  }

  @Test
  void anotherChangeBeginsAnotherTrialWithTheSameWayBack() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story story = Story.of(host, webOnly()).settle();
    story.configure(both());

    assertTrue(host.firewall.toString().contains("meshx/api/"), host.firewall::toString);
    assertTrue(host.trials.observe().before().orElseThrow().captured().isEmpty());
    expire(host);
    story.after(LATER);
    assertEquals("", host.firewall.toString());
  }

  @Test
  void goingBackToWhatIsConfirmedEndsTheTrial() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story story = Story.of(host, webOnly()).settle().confirm();
    story.configure(both());
    story.configure(webOnly());
    assertTrue(story.plan().complete(), story.plan()::text);
    assertEquals(Optional.empty(), host.trials.observe().before());
    assertEquals(Optional.empty(), host.units.activity(OurUnits.ROLLBACK));
  }

  @Test
  void anAgentThatStartsAfterTheDeadlineHolds() throws ConfigException, HostException {
    FakeHost host = new FakeHost("web", "api");
    Story.of(host, webOnly()).settle();
    expire(host);
    Story next = Story.of(host, webOnly()).settle();
    assertEquals("", host.firewall.toString());
    assertTrue(next.plan().text().contains("begins another trial"), next.plan()::text);

    host.units.forget(OurUnits.ROLLBACK);
    next.after(LATER);
    assertTrue(next.plan().text().contains("'meshx confirm' within 60 s"), next.plan()::text);
    assertTrue(host.firewall.toString().contains("meshx/web/"), host.firewall::toString);
  }

  @Test
  void downTakesATrialAwayToo() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story.of(host, webOnly()).settle();
    Story down = Story.down(host).settle();
    assertTrue(down.plan().complete(), down.plan()::text);
    assertEquals(Optional.empty(), host.units.activity(OurUnits.ROLLBACK));
    assertEquals("", host.firewall.toString());
  }
}
