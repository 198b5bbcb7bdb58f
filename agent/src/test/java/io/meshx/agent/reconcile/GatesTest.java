// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.identity.Freshness;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Opening;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.probe.Connect;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.spire.AgentHealth;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.FakeUnits;
import io.meshx.agent.testing.Story;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each gate holds and says what is missing; when that comes, the join goes on by itself. */
class GatesTest {
  private static final WorkloadName WEB = new WorkloadName("web");
  private static final Duration A_MINUTE = Duration.ofMinutes(1);

  private final Path directory;

  GatesTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private AgentConfig config() throws ConfigException {
    return config(Map.of());
  }

  private AgentConfig config(Map<String, String> keysOfWeb) throws ConfigException {
    return ConfigDirectory.minimal(directory, "agent").workload("web", keysOfWeb).read();
  }

  private static void held(Story story, FakeHost host, String step, String reason) {
    String line =
        story.plan().text().lines().filter(l -> l.startsWith("  ? " + step)).findFirst().orElse("");
    assertTrue(line.contains(reason), () -> story.plan().text());
    assertFalse(host.units.activity(OurUnits.workload(WEB)).isPresent(), "workload has started");
    assertFalse(host.firewall.toString().contains("redirect"), "rules are in");
  }

  private static void joins(Story story) {
    assertTrue(story.plan().complete(), () -> story.plan().text());
  }

  @Test
  void tokenIsMissing() throws ConfigException {
    String token = directory.resolve("join-token").toString();
    FakeHost host = new FakeHost("web").missing(token, true);
    Story story = Story.of(host, config()).settle();
    held(story, host, "SPIRE agent", "spire-server token generate");
    host.missing(token, false);
    joins(story.after(A_MINUTE));
  }

  @Test
  void anotherJoinTokenIsReadAtOnceWhileTheFirstOneIsRefused() throws ConfigException {
    String token = directory.resolve("join-token").toString();
    FakeHost host = new FakeHost("web").refuseSpireAgent(true);
    Story story = Story.of(host, config()).settle();
    held(story, host, "agent SVID", "'spire-server token generate -spiffeID spiffe://");
    held(story, host, "agent SVID", "its value goes into '" + token + "'");

    Activity refused = host.units.activity(OurUnits.SPIRE_AGENT).get();
    host.change(token, FakeHost.EXPIRY);
    story.after(Duration.ofSeconds(2));
    Activity joined = host.units.activity(OurUnits.SPIRE_AGENT).get();
    assertNotEquals(refused, joined);
    host.refuseSpireAgent(false);
    joins(story.after(A_MINUTE));
    assertEquals(joined, host.units.activity(OurUnits.SPIRE_AGENT).get());
    assertEquals(Set.of(Path.of(token)), host.files.removed());

    host.change(token, FakeHost.EXPIRY.plusSeconds(1));
    joins(story.after(A_MINUTE));
    assertEquals(joined, host.units.activity(OurUnits.SPIRE_AGENT).get());
    assertEquals(Set.of(), host.files.removed(), "a token that nobody has used is kept");
  }

  @Test
  void aProgramThatOthersMayChangeIsNotRun() throws ConfigException {
    Path proxy = Path.of("/usr/lib/linkerd/linkerd2-proxy");
    FakeHost host = new FakeHost("web").replaceable(proxy, "may be changed by everybody");
    Story story = Story.of(host, config()).settle();
    held(
        story,
        host,
        "prepared",
        "a program that only root can change: '" + proxy + "' may be changed by everybody");
    host.changedByRootOnly(proxy);
    joins(story.after(A_MINUTE));
  }

  @Test
  void aSpireAgentThatIsTooOldIsRefusedByName() throws ConfigException {
    FakeHost host = new FakeHost("web").version(Optional.of("1.13.2"));
    Story story = Story.of(host, config()).settle();
    held(
        story,
        host,
        "prepared",
        "spire-agent 1.13.3 or later: '/opt/spire/bin/spire-agent' is 1.13.2");
    host.version(Optional.empty());
    held(
        story.after(A_MINUTE),
        host,
        "prepared",
        "a SPIRE agent that says its version: '/opt/spire/bin/spire-agent --version' does not");
    host.version(Optional.of("1.13.3"));
    joins(story.after(A_MINUTE));
  }

  @Test
  void aHostThatCanProveItselfNeedsNoToken() throws ConfigException {
    FakeHost host = new FakeHost("web").missing(directory.resolve("join-token").toString(), true);
    AgentConfig config =
        ConfigDirectory.minimal(directory, "agent")
            .attestor("x509pop")
            .workload("web", Map.of())
            .read();
    host.refuseSpireAgent(true);
    Story story = Story.of(host, config).settle().after(A_MINUTE);
    Activity refused = host.units.activity(OurUnits.SPIRE_AGENT).get();

    host.change(directory.resolve("host.crt").toString(), FakeHost.EXPIRY);
    story.after(Duration.ofSeconds(2));

    Activity joined = host.units.activity(OurUnits.SPIRE_AGENT).get();
    assertNotEquals(refused, joined, "another certificate is read at once");
    host.refuseSpireAgent(false);
    joins(story.after(A_MINUTE));

    host.change(directory.resolve("host.crt").toString(), FakeHost.EXPIRY.plusSeconds(1));
    joins(story.after(A_MINUTE));
    assertEquals(joined, host.units.activity(OurUnits.SPIRE_AGENT).get());
  }

  @Test
  void agentHasNoEntry() throws ConfigException {
    FakeHost host = new FakeHost("web").noSvid(Identities.AGENT, true);
    Story story = Story.of(host, config()).settle();
    held(story, host, "agent SVID", "no identity issued; needed at the SPIRE server");
    held(
        story,
        host,
        "agent SVID",
        "with the parent spiffe://root.linkerd.cluster.local/meshx/vm-1");
    host.noSvid(Identities.AGENT, false);
    joins(story.after(A_MINUTE));
  }

  @Test
  void proxyHasNoEntry() throws ConfigException {
    FakeHost host = new FakeHost("web").noSvid("web", true);
    Story story = Story.of(host, config()).settle();
    held(story, host, "proxy SVID", "systemd:id:meshx-proxy-web.service and unix:uid:990");
    held(
        story,
        host,
        "proxy SVID",
        "with the parent spiffe://root.linkerd.cluster.local/meshx/vm-1");
    host.noSvid("web", false);
    joins(story.after(A_MINUTE));
  }

  @Test
  void spireAgentTellsWhyItDoesNotStart() throws ConfigException {
    FakeHost host =
        new FakeHost("web")
            .log(
                OurUnits.SPIRE_AGENT,
                "{\"level\":\"error\",\"msg\":\"failed to attest: join token does not exist or has"
                    + " already been used\"}");
    host.units.starts(OurUnits.SPIRE_AGENT, new FakeUnits.Start.KeepsFailing(1));
    Story story = Story.of(host, config()).settle();
    held(story, host, "SPIRE agent", "token");
  }

  @Test
  void anSvidThatIsNotRenewedIsWarnedOfThenReportedAndNothingIsTouched() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    joins(story);
    String before = host.units.toString();

    host.freshness("web", Freshness.LATE);
    joins(story.after(A_MINUTE));
    assertTrue(
        story.plan().warnings().getFirst().startsWith("SPIRE has not renewed the SVID spiffe://"),
        story.plan().text());

    for (Freshness fresh : List.of(Freshness.ENDING, Freshness.EXPIRED)) {
      host.freshness("web", fresh);
      story.after(A_MINUTE);
      assertFalse(story.plan().complete());
      assertTrue(
          story.plan().text().contains("? proxy SVID       waits for SPIRE to renew the SVID"),
          story.plan().text());
    }
    assertEquals(before, host.units.toString());

    host.freshness("web", Freshness.FRESH);
    joins(story.after(A_MINUTE));
    assertEquals(List.of(), story.plan().warnings());
  }

  @Test
  void aSpireAgentOutOfTouchIsReportedWithWhatItSays() throws ConfigException {
    AgentHealth.Answers well =
        new AgentHealth.Answers(
            FakeHost.EXPIRY,
            SpiffeId.parse("spiffe://root.linkerd.cluster.local/spire/agent/join_token/x"),
            FakeHost.EXPIRY,
            A_MINUTE,
            Optional.of(FakeHost.EXPIRY.minusSeconds(4)),
            true);
    FakeHost host = new FakeHost("web").report(well);
    Story story = Story.of(host, config()).settle().after(A_MINUTE);
    joins(story);
    assertTrue(story.plan().text().contains("= SPIRE sync"), story.plan().text());

    host.report(
        new AgentHealth.Answers(
            well.at(), well.id(), well.expires(), well.uptime(), Optional.empty(), true));
    host.log(
        OurUnits.SPIRE_AGENT,
        "{\"error\":\"dial tcp 192.0.2.7:8081: connect: connection refused\"}");
    story.after(A_MINUTE);

    assertTrue(
        story
            .plan()
            .text()
            .contains(
                "the SPIRE server, which has not answered since the SPIRE agent started: nothing is"
                    + " renewed meanwhile"),
        story.plan().text());
    assertTrue(
        story.plan().text().contains("nothing listens at 192.0.2.7:8081"), story.plan().text());

    host.report(
        new AgentHealth.Answers(
            well.at(), well.id(), well.expires(), well.uptime(), well.lastSync(), false));
    story.after(A_MINUTE);
    assertTrue(
        story.plan().text().contains("its Workload API does not answer"), story.plan().text());
  }

  @Test
  void aSpireAgentWithoutItsSocketIsRestartedAndNothingElse() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle().after(A_MINUTE);
    Optional<Activity> proxy = host.units.activity(OurUnits.proxy(WEB));
    Optional<Activity> agent = host.units.activity(OurUnits.SPIRE_AGENT);

    host.report(new AgentHealth.WithoutSocket(Path.of("/run/meshx-agent/spire/public/api.sock")));
    host.noSvid(Identities.AGENT, true);
    story.after(A_MINUTE);
    assertEquals(agent, host.units.activity(OurUnits.SPIRE_AGENT), "it has not made it yet");

    host.noSvid(Identities.AGENT, false);
    host.units.starts(
        OurUnits.SPIRE_AGENT,
        () -> {
          host.report(new AgentHealth.Silent());
          return new FakeUnits.Start.Runs();
        });
    story.after(A_MINUTE).after(A_MINUTE);

    joins(story);
    assertNotEquals(agent, host.units.activity(OurUnits.SPIRE_AGENT));
    assertEquals(proxy, host.units.activity(OurUnits.proxy(WEB)));
  }

  @Test
  void programIsMissing() throws ConfigException {
    FakeHost host = new FakeHost("web").missing("/usr/lib/linkerd/linkerd2-proxy", true);
    Story story = Story.of(host, config()).settle();
    held(story, host, "prepared", "set components.proxy");
    host.missing("/usr/lib/linkerd/linkerd2-proxy", false);
    joins(story.after(A_MINUTE));
  }

  @Test
  void userIsMissing() throws ConfigException {
    FakeHost host = new FakeHost("web").withoutUser("web");
    held(Story.of(host, config()).settle(), host, "prepared", "the user 'web', which does not");
  }

  @Test
  void aFileThatTheProcessNeedsIsNotThere() throws ConfigException {
    FakeHost host = new FakeHost("web").missing("/mnt/secret", true);
    Story story =
        Story.of(
                host,
                ConfigDirectory.minimal(directory, "agent")
                    .workload("web", Map.of("process.credentials", "{ key = \"/mnt/secret\" }"))
                    .read())
            .settle();
    assertTrue(
        story.plan().text().contains("'/mnt/secret', which does not exist: make it, or change"),
        story.plan().text());
    assertEquals(Optional.empty(), host.units.activity(OurUnits.workload(new WorkloadName("web"))));
    host.missing("/mnt/secret", false);
    joins(story.after(A_MINUTE));

    host.missing("/mnt/secret", true);
    story.after(A_MINUTE);
    assertTrue(story.plan().complete(), "what runs has read it");
    assertTrue(story.plan().text().contains("its next start waits for '/mnt/secret'"));
  }

  @Test
  void connectionsOfAnOpenWorkloadFromBeforeAreNamed() throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.connections.converse(1001, "203.0.113.7", 5432);
    host.connections.converse(1001, "203.0.113.8", 443);
    Story story =
        Story.of(
                host,
                config(
                    Map.of(
                        "intercept.on_proxy_down",
                        "\"open\"",
                        "intercept.skip_outbound_ports",
                        "[443]")))
            .settle()
            .after(A_MINUTE);

    joins(story);
    assertTrue(
        story
            .plan()
            .text()
            .contains(
                "; 1 connections from before go on and are NOT ENCRYPTED: 203.0.113.7 port 5432; a"
                    + " restart of the workload ends them"),
        story.plan().text());

    host.connections.end(1001);
    assertFalse(story.after(A_MINUTE).plan().text().contains("from before"));
  }

  @Test
  void proxyIsNotReady() throws ConfigException {
    FakeHost host =
        new FakeHost("web")
            .proxy("web", new ProxyHealth.NotReady(List.of("the policy controller")));
    Story story = Story.of(host, config()).settle();
    held(story, host, "proxy ready", "the policy controller");
    host.proxy("web", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
    joins(story.after(A_MINUTE));
  }

  @Test
  void adminPortIsClosedByPolicy() throws ConfigException {
    FakeHost host = new FakeHost("web").proxy("web", new ProxyHealth.AdminClosedByPolicy(403));
    held(Story.of(host, config()).settle(), host, "proxy ready", "proxy.inbound_policy");
  }

  @Test
  void proxyVersionIsRefused() throws ConfigException {
    FakeHost host =
        new FakeHost("web").proxy("web", new ProxyHealth.Refused("v2.329.0", "it is broken"));
    held(Story.of(host, config()).settle(), host, "proxy ready", "v2.329.0 is refused");
  }

  @Test
  void zombieIsRestarted() throws ConfigException {
    FakeHost host = new FakeHost("web").proxy("web", new ProxyHealth.Zombie("it panicked"));
    Story story = Story.of(host, config()).settle();
    assertTrue(host.units.operations().contains("stop " + OurUnits.proxy(WEB)));
    assertFalse(host.units.activity(OurUnits.workload(WEB)).isPresent());
    host.proxy("web", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
    joins(story.after(A_MINUTE).after(A_MINUTE));
  }

  @Test
  void redirectIsNotProven() throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.units.starts(OurUnits.probe(WEB), new FakeUnits.Start.Fails(1));
    Story story = Story.of(host, config()).settle();
    assertFalse(host.units.activity(OurUnits.workload(WEB)).isPresent());
    host.units.starts(OurUnits.probe(WEB), new FakeUnits.Start.EndsWell(0));
    // The unit is started and forgotten again and again by then, so each further change of it
    // waits.
    joins(story.after(A_MINUTE).after(A_MINUTE).after(A_MINUTE));
  }

  @Test
  void aProbeThatFoundNoRedirectIsNotRepeatedBeforeThereIsOne() throws ConfigException {
    FakeHost host =
        new FakeHost("web").proxy("web", new ProxyHealth.NotReady(List.of("no certificate yet")));
    Story story = Story.of(host, config()).settle().after(A_MINUTE);
    String start = "start " + OurUnits.probe(WEB);
    assertEquals(1, Collections.frequency(host.units.operations(), start));
    assertEquals(
        Optional.of(new Activity.Exited(Connect.NO_REDIRECT)),
        host.units.activity(OurUnits.probe(WEB)));
    host.proxy("web", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
    joins(story.after(A_MINUTE));
    assertEquals(2, Collections.frequency(host.units.operations(), start));
  }

  @Test
  void aChangedConfigurationDoesNotWaitForWhatFailedBefore() throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.units.starts(OurUnits.probe(WEB), new FakeUnits.Start.Fails(1));
    Story story = Story.of(host, config()).settle().after(A_MINUTE);
    assertFalse(story.plan().complete());
    host.units.starts(OurUnits.probe(WEB), new FakeUnits.Start.EndsWell(0));
    story.configure(config(Map.of("process.exec", "[\"/bin/other\"]")));
    joins(story);
  }

  @Test
  void aWorkloadThatUsedUpItsStartsIsLeftToItsAdministrator()
      throws ConfigException, HostException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config(Map.of("process.start_limit", "3"))).settle();

    host.units.set(OurUnits.workload(WEB), new Activity.Failed("exit-code", 1));
    story.after(A_MINUTE);
    assertTrue(
        story
            .plan()
            .text()
            .contains("run 'systemctl reset-failed meshx-workload-web.service' to have it started"),
        () -> story.plan().text());

    host.units.forget(OurUnits.workload(WEB));
    joins(story.after(A_MINUTE));
  }

  @Test
  void unitWithAPrefixOfOursAndNoWorkloadsNameIsLeftAlone() throws ConfigException {
    FakeHost host = new FakeHost("web");
    UnitName foreign = new UnitName("meshx-workload-Not_Ours.service");
    host.units.addForeign(foreign);
    joins(Story.of(host, config()).settle());
    assertFalse(host.units.operations().contains("stop " + foreign));
  }

  @Test
  void foreignUnitUnderOurNameIsLeftAlone() throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.units.addForeign(OurUnits.workload(WEB));
    Story story = Story.of(host, config()).settle();
    assertTrue(story.plan().text().contains("this agent did not start it"));
    assertFalse(host.units.operations().contains("stop " + OurUnits.workload(WEB)));
  }

  @Test
  void rulesStayWhenTheProxyIsNotReadyAnyMore() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    String rules = host.firewall.toString();
    host.proxy("web", new ProxyHealth.NotReady(List.of("the policy controller")));
    story.after(A_MINUTE);
    assertFalse(story.plan().complete());
    assertEquals(rules, host.firewall.toString());
    assertTrue(host.units.activity(OurUnits.workload(WEB)).get() instanceof Activity.Running);
  }

  @Test
  void changedCommandRestartsTheWorkloadOnly() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    Activity proxy = host.units.activity(OurUnits.proxy(WEB)).get();
    Activity workload = host.units.activity(OurUnits.workload(WEB)).get();
    story.configure(config(Map.of("process.exec", "[\"/bin/other\"]")));
    joins(story);
    assertEquals(proxy, host.units.activity(OurUnits.proxy(WEB)).get());
    assertFalse(workload.equals(host.units.activity(OurUnits.workload(WEB)).get()));
  }

  @Test
  void flushedRulesComeBack() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config()).settle();
    String rules = host.firewall.toString();
    host.firewall.wipe();
    joins(story.after(A_MINUTE));
    assertEquals(rules, host.firewall.toString());
  }

  @Test
  void aPortOfTheSshServerIsNeverRedirected() throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig config = config(Map.of("port", "[{ name = \"ssh\", port = 22 }]"));
    held(Story.of(host, config).settle(), host, "prepared", "another [[port]] than 22");
    assertEquals("", host.firewall.toString());
  }

  @Test
  void aClosedWorkloadThatCouldNotAskItsDnsServerIsHeld() throws ConfigException {
    FakeHost host = new FakeHost("web").nameservers("10.0.0.2", "127.0.0.53");
    held(
        Story.of(host, config(Map.of())).settle(),
        host,
        "prepared",
        "/etc/resolv.conf begins with 10.0.0.2");
  }

  @Test
  void aDnsServerElsewhereIsNoHindranceToAWorkloadThatMayAskIt() throws ConfigException {
    for (Map<String, String> allowed :
        List.of(
            Map.of("intercept.allow_udp_ports", "[53]"),
            Map.of("intercept.skip_outbound_networks", "[\"10.0.0.0/24\"]"),
            Map.of("intercept.on_proxy_down", "\"open\""))) {
      FakeHost host = new FakeHost("web").nameservers("10.0.0.2");
      Story story = Story.of(host, config(allowed)).settle();
      assertTrue(story.plan().complete(), story.plan()::text);
    }
  }

  @Test
  void quicCannotBeRefusedThroughIptables() throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig config =
        ConfigDirectory.minimal(directory, "agent")
            .agent("firewall.backend", "\"iptables\"")
            .workload("web", Map.of("intercept.quic", "\"reject\""))
            .read();
    held(Story.of(host, config).settle(), host, "prepared", "the backend nftables");
  }

  @Test
  void theRestOfTheHostGoesThroughAProxyOnlyWhileItIsReady() throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig config = config(Map.of("intercept.outbound", "\"host\""));
    Story story = Story.of(host, config).settle();
    joins(story);
    assertTrue(host.firewall.toString().contains("meshx/web/redirect-host"));
    host.proxy("web", new ProxyHealth.NotReady(List.of("the policy controller")));
    story.after(A_MINUTE);
    assertFalse(host.firewall.toString().contains("meshx/web/redirect-host"));
    assertTrue(host.firewall.toString().contains("meshx/web/redirect-outbound"));
  }

  @Test
  void exceptionsOfAClosedWorkloadAreInItsFilterAndInTheStatus() throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig config = config(Map.of("intercept.skip_outbound_ports", "[5432]"));
    Story story = Story.of(host, config).settle();
    joins(story);
    assertTrue(
        story.plan().text().contains("past its proxy, except TCP to ports 5432"),
        story.plan()::text);
    assertEquals(
        2, host.filters.observe().stream().filter(name -> name.startsWith("exceptions-")).count());
    Activity before = host.units.activity(OurUnits.workload(WEB)).get();
    story.configure(config(Map.of("intercept.skip_outbound_ports", "[5433]")));
    joins(story);
    assertFalse(before.equals(host.units.activity(OurUnits.workload(WEB)).get()));
  }

  @Test
  void firewalldIsOpenedForTheProxyAgainAfterAReloadAndClosedWhenItLeaves() throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.inlets.guardedBy(new Guard.Firewalld(Set.of("internal", "public"), Set.of()));
    Guard open =
        new Guard.Firewalld(
            Set.of("internal", "public"),
            Set.of(new Opening("internal", new Port(4143)), new Opening("public", new Port(4143))));
    Story story = Story.of(host, config()).settle();
    joins(story);
    assertEquals(open, host.inlets.observe());
    host.inlets.reload();
    joins(story.settle());
    assertEquals(open, host.inlets.observe());
    story.configure(config().with(new TreeMap<>()));
    joins(story);
    assertEquals(
        new Guard.Firewalld(Set.of("internal", "public"), Set.of()), host.inlets.observe());
  }

  @Test
  void firewalldIsLeftAloneIfTheConfigurationSaysSo() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Guard closed = new Guard.Firewalld(Set.of("public"), Set.of());
    host.inlets.guardedBy(closed);
    AgentConfig config =
        ConfigDirectory.minimal(directory, "agent")
            .agent("firewall.open", "\"nothing\"")
            .workload("web", Map.of())
            .read();
    joins(Story.of(host, config).settle());
    assertEquals(closed, host.inlets.observe());
  }

  @Test
  void firewalldIsOpenedForTheChallengeOfTheSpireServerToo() throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.inlets.guardedBy(new Guard.Firewalld(Set.of("public"), Set.of()));
    AgentConfig config =
        ConfigDirectory.minimal(directory, "agent")
            .agent("spire.attestor", "\"http_challenge\"")
            .agent("spire.http_challenge.hostname", "\"vm-1.example.org\"")
            .agent("spire.http_challenge.port", "8080")
            .workload("web", Map.of())
            .read();
    joins(Story.of(host, config).settle());
    assertEquals(
        new Guard.Firewalld(
            Set.of("public"),
            Set.of(new Opening("public", new Port(4143)), new Opening("public", new Port(8080)))),
        host.inlets.observe());
  }

  @Test
  void ufwIsItsAdministratorsToOpenAndNothingOnTheHostWaitsForIt() throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.inlets.guardedBy(new Guard.Ufw(Set.of(PortRange.of(new Port(22)))));
    Story story = Story.of(host, config()).settle();
    assertTrue(
        story.plan().text().contains("ufw to let peers in: run 'ufw allow 4143/tcp'"),
        story.plan()::text);
    assertTrue(host.units.activity(OurUnits.workload(WEB)).isPresent());
    host.inlets.guardedBy(new Guard.Ufw(Set.of(PortRange.parse("4000-5000"))));
    joins(story.settle());
  }

  @Test
  void aFirewalldThatRefusesRedirectedConnectionsIsNamedBeforeTheyAreTried()
      throws ConfigException {
    FakeHost host = new FakeHost("web");
    host.inlets.guardedBy(
        new Guard.Firewalld(new TreeSet<>(Set.of("public")), new TreeSet<>(), true));
    Story story = Story.of(host, config()).settle();
    assertTrue(story.plan().text().contains("set RFC3964_IPv4=no"), story.plan()::text);
    assertFalse(host.units.activity(OurUnits.workload(WEB)).isPresent());
    host.inlets.guardedBy(new Guard.Firewalld(Set.of("public"), Set.of()));
    joins(story.settle().after(A_MINUTE));
  }
}
