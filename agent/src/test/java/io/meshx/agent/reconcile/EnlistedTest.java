// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Story;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the cluster is told of workloads. */
class EnlistedTest {
  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final Duration A_MOMENT = Duration.ofMillis(600);
  private static final WorkloadName WEB = new WorkloadName("web");
  private static final ResourceName RESOURCE =
      new ResourceName(new WorkloadName("mixed-env"), new WorkloadName("web-vm-1"));
  private static final String READY = "ready: host vm-1 serves it";

  @TempDir Path directory;
  private final FakeHost host = new FakeHost("web");
  private ConfigDirectory files;

  @BeforeEach
  void configure() {
    files =
        ConfigDirectory.minimal(directory, "agent")
            .file("kubernetes-ca.pem", ConfigDirectory.ANCHOR)
            .agent("kubernetes.server", "\"https://192.0.2.1:6443\"");
  }

  private AgentConfig config(Map<String, String> keysOfWeb) throws ConfigException {
    return files.workload("web", keysOfWeb).read();
  }

  private Story joined() throws ConfigException {
    Story story = Story.of(host, config(Map.of())).settle().after(A_MINUTE);
    assertTrue(story.plan().complete(), () -> story.plan().text());
    return story;
  }

  private AgentConfig withoutWeb() throws ConfigException {
    return config(Map.of()).with(new TreeMap<>());
  }

  private ResourceState.Present there() {
    return host.registry.get(RESOURCE).orElseThrow();
  }

  private boolean running() {
    return host.units.activity(OurUnits.workload(WEB)).isPresent();
  }

  private static void waits(Story story, String step, String reason) {
    String line =
        story.plan().text().lines().filter(l -> l.startsWith("  ? " + step)).findFirst().orElse("");
    assertTrue(line.contains(reason), () -> story.plan().text());
  }

  @Test
  void aJoinMakesTheResourceAndSaysOnceThatItIsReady() throws ConfigException {
    joined();

    ExternalWorkload says = there().says().orElseThrow();
    assertEquals("spiffe://root.linkerd.cluster.local/mixed-env/web", says.identity().toString());
    assertEquals(List.of(IpAddress.parse("192.0.2.10")), says.addresses());
    assertEquals(Map.of("app", "web"), says.labels());
    assertTrue(
        says.ports().stream().anyMatch(port -> port.name().equals(ExternalWorkload.PROXY_PORT)));
    assertEquals(List.of(READY), host.registry.said());
  }

  @Test
  void aLeaseThatIsNotHadHoldsUpNothingElse() throws ConfigException {
    Story story = joined();
    assertTrue(
        story.plan().text().contains("meshx-hosts/vm-1, renewed for 90 s each time"),
        () -> story.plan().text());
    host.registry.refuseLease(Optional.of("HTTP 403"));
    story.after(A_MINUTE);

    waits(story, "lease", "the Kubernetes API: HTTP 403");
    assertTrue(running());
    assertTrue(there().ready());

    files.agent("kubernetes.lease", "\"0s\"");
    story.configure(config(Map.of())).after(A_MINUTE);
    assertTrue(story.plan().complete(), () -> story.plan().text());
  }

  @Test
  void theProxyWaitsForTheResourceButNotForLong() throws ConfigException {
    host.registry.fail(Optional.of("connection refused"));
    Story story = Story.of(host, config(Map.of())).settle();
    waits(story, "ExternalWorkload", "connection refused");
    assertTrue(host.units.activity(OurUnits.proxy(WEB)).isEmpty());

    host.registry.waited(true);
    story.after(A_MINUTE);
    assertTrue(running());
    assertFalse(story.plan().complete());

    host.registry.fail(Optional.empty());
    story.after(A_MINUTE);
    assertTrue(story.plan().complete(), () -> story.plan().text());
    assertTrue(there().ready());
  }

  @Test
  void aGateThatClosesIsSaidWithItsReason() throws ConfigException {
    Story story = joined();
    host.proxy("web", new ProxyHealth.NotReady(List.of("the policy service, 10.244.0.10:8090")));
    story.after(Duration.ofSeconds(10)).after(A_MOMENT);

    assertEquals(
        "not ready: proxy ready waits for the policy service, 10.244.0.10:8090",
        host.registry.said().getLast());
    assertEquals("ProxyReady", there().readiness().orElseThrow().reason());

    host.proxy("web", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
    story.after(A_MOMENT);
    assertEquals(READY, host.registry.said().getLast());
  }

  @Test
  void whatHealsAtOnceIsNotSaid() throws ConfigException {
    Story story = joined();
    host.firewall.wipe();
    story.after(A_MINUTE);

    assertTrue(story.plan().complete(), () -> story.plan().text());
    assertEquals(List.of(READY), host.registry.said());
  }

  @Test
  void whatOthersChangeOfOursIsPutBack() throws ConfigException {
    Story story = joined();
    ExternalWorkload says = there().says().orElseThrow();
    host.registry.put(
        RESOURCE,
        new ResourceState.Present(
            Optional.of(
                new ExternalWorkload(
                    says.identity(),
                    says.serverName(),
                    List.of(IpAddress.parse("192.0.2.66")),
                    says.ports(),
                    says.labels(),
                    says.annotations())),
            there().owner(),
            Optional.of(new Readiness(false, "Hand", "somebody wrote this")),
            false));
    story.after(A_MINUTE);

    assertTrue(there().says().filter(says::saidBy).isPresent());
    assertTrue(there().ready());
  }

  @Test
  void aLabelThatIsLeftOutAgainIsGone() throws ConfigException {
    Story story =
        Story.of(host, config(Map.of("labels", "{ app = \"web\", tier = \"back\" }")))
            .settle()
            .after(A_MINUTE);
    assertEquals(Map.of("app", "web", "tier", "back"), there().says().orElseThrow().labels());

    story.configure(config(Map.of("labels", "{ app = \"web\" }"))).after(A_MINUTE);

    assertEquals(Map.of("app", "web"), there().says().orElseThrow().labels());
    assertTrue(there().ready());
  }

  @Test
  void aResourceThatSomebodyDeletedIsThereAgain() throws ConfigException {
    Story story = joined();
    host.registry.delete(RESOURCE);
    story.after(A_MINUTE);

    assertTrue(there().ready());
  }

  @Test
  void aResourceOfAnotherHostIsNotTouched() throws ConfigException {
    ResourceState.Present other =
        new ResourceState.Present(
            Optional.empty(), Optional.of(new WorkloadName("vm-2")), Optional.empty(), false);
    host.registry.put(RESOURCE, other);
    Story story = Story.of(host, config(Map.of())).settle().after(A_MINUTE);

    waits(story, "ExternalWorkload", "belongs to the host vm-2");
    assertEquals(Optional.of(other), host.registry.get(RESOURCE));
    assertTrue(running(), "the host serves who calls it by address");
  }

  @Test
  void aResourceThatSomebodyElseMakesIsOnlyReadied() throws ConfigException {
    files.agent("kubernetes.manage", "\"status-only\"");
    Story story = Story.of(host, config(Map.of())).settle().after(A_MINUTE);
    waits(story, "ExternalWorkload", "kubernetes.manage is \"status-only\"");

    host.registry.put(
        RESOURCE,
        new ResourceState.Present(Optional.empty(), Optional.empty(), Optional.empty(), false));
    story.after(A_MINUTE);

    assertTrue(there().ready());
    assertEquals(Optional.empty(), there().says());
    assertTrue(story.plan().text().contains("another identity"), () -> story.plan().text());
  }

  @Test
  void aWorkloadThatLeavesIsStoppedWhenPeersHaveHeard() throws ConfigException {
    Story story = joined();
    host.registry.heard(false);
    story.configure(withoutWeb());

    assertEquals(
        "not ready: the workload leaves the mesh on host vm-1", host.registry.said().getLast());
    assertTrue(running());
    waits(story, "withdraw", "peers to hear");

    host.registry.heard(true);
    story.after(A_MINUTE);
    assertFalse(running());
    assertFalse(there().ready());
    assertEquals(List.of(), there().says().orElseThrow().addresses());
    assertEquals(Map.of(), host.registry.observe().enlisted());
    assertTrue(story.plan().complete(), () -> story.plan().text());
  }

  @Test
  void aClusterThatIsAwayHoldsALeaveUpForAFewSecondsOnly() throws ConfigException {
    Story story = joined();
    host.registry.fail(Optional.of("no route to host"));
    story.configure(withoutWeb());
    assertTrue(running());

    host.registry.waited(true);
    story.after(A_MINUTE);
    assertFalse(running());
    assertTrue(there().ready(), "nobody could say otherwise");

    host.registry.fail(Optional.empty());
    story.after(A_MINUTE);
    assertFalse(there().ready());
    assertTrue(story.plan().complete(), () -> story.plan().text());
  }

  @Test
  void aPlannedRestartComesWhenPeersHaveHeardIfThatIsAskedFor() throws ConfigException {
    files.agent("kubernetes.before_restart", "\"drain\"");
    Story story = joined();
    Optional<Activity> before = host.units.activity(OurUnits.proxy(WEB));
    host.registry.heard(false);

    story.configure(config(Map.of("proxy.log", "\"debug\""))).after(A_MINUTE).after(A_MINUTE);
    waits(story, "proxy", "peers to hear that it is not ready any more");
    assertTrue(host.registry.said().getLast().startsWith("not ready: proxy waits for peers"));
    assertEquals(before, host.units.activity(OurUnits.proxy(WEB)));

    host.registry.heard(true);
    story.after(A_MINUTE).after(A_MINUTE);
    assertTrue(story.plan().complete(), () -> story.plan().text());
    assertFalse(before.equals(host.units.activity(OurUnits.proxy(WEB))));
    assertTrue(there().ready());
  }

  @Test
  void aRestartDoesNotWaitForAClusterThatIsAway() throws ConfigException {
    files.agent("kubernetes.before_restart", "\"drain\"");
    Story story = joined();
    Optional<Activity> before = host.units.activity(OurUnits.workload(WEB));
    host.registry.fail(Optional.of("connection refused"));

    story
        .configure(config(Map.of("process.working_directory", "\"/srv\"")))
        .after(A_MINUTE)
        .after(A_MINUTE);

    assertFalse(before.equals(host.units.activity(OurUnits.workload(WEB))));
    assertTrue(running());
  }

  @Test
  void aHostIsDrainedAndStaysAsItIsUntilItIsNot() throws ConfigException {
    Story story = joined();
    String before = host.toString();
    host.registry.heard(false);
    host.missing(Story.DRAINED.toString(), false);
    story.after(A_MINUTE);

    assertEquals("not ready: host vm-1 is drained", host.registry.said().getLast());
    waits(story, "Ready", "peers to hear");
    host.registry.heard(true);
    story.after(A_MINUTE);
    assertTrue(story.plan().complete(), () -> story.plan().text());
    assertEquals(before, host.toString());

    host.missing(Story.DRAINED.toString(), true);
    story.after(A_MINUTE);
    assertTrue(there().ready());
  }

  @Test
  void aDrainDoesNotWaitForWhatAnAgentHasNotSeenYet() throws ConfigException {
    joined();
    host.missing(Story.DRAINED.toString(), false);
    host.noSvid("web", true);
    host.noSvid(Identities.AGENT, true);
    Story.of(host, config(Map.of())).settle();

    assertEquals("not ready: host vm-1 is drained", host.registry.said().getLast());
  }

  @Test
  void theApiIsNeverCapturedWithTheRestOfTheHost() throws ConfigException {
    Story.of(host, config(Map.of("intercept.outbound", "\"host\""))).settle().after(A_MINUTE);

    assertTrue(host.firewall.toString().contains("6443"), host.firewall::toString);
  }

  @Test
  void flappingIsSaidLaterAndLater() throws ConfigException {
    Story story = joined();
    for (int i = 0; i < 20; i++) {
      host.proxy("web", new ProxyHealth.Unreachable("connection refused"));
      story.after(Duration.ofSeconds(10)).after(A_MOMENT);
      assertFalse(there().ready(), "that it is not ready is said at once, each time");
      host.proxy("web", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
      story.after(A_MOMENT);
    }
    assertTrue(
        host.registry.said().stream().filter(READY::equals).count() < 18,
        host.registry.said()::toString);
    story.after(A_MINUTE);
    assertTrue(there().ready());
  }
}
