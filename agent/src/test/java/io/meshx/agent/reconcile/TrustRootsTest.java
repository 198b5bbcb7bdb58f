// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Story;
import io.meshx.agent.testing.TestCertificates;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The roots that proxies trust, and what happens when they change. */
final class TrustRootsTest {
  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final UnitName API = OurUnits.proxy(new WorkloadName("api"));
  private static final UnitName WEB = OurUnits.proxy(new WorkloadName("web"));
  private static final String OLD = root();
  private static final String NEW = root();

  @TempDir Path directory;

  private final FakeHost host = new FakeHost("api", "web");

  private static String root() {
    return TestCertificates.pem("CERTIFICATE", new TestCertificates().root(Instant.now()));
  }

  private AgentConfig config(String from, String anchors) throws ConfigException {
    return ConfigDirectory.minimal(directory, "agent")
        .file("trust-anchors.pem", ConfigDirectory.ANCHOR + anchors)
        .agent("mesh.trust_anchors_from", '"' + from + '"')
        .workload("api", Map.of())
        .workload("web", Map.of())
        .read();
  }

  private Story joined(AgentConfig config) {
    Story story = Story.of(host, config).settle().after(A_MINUTE);
    assertTrue(story.plan().complete(), story.plan().text());
    return story;
  }

  private Optional<Activity> proxy(UnitName unit) {
    return host.units.activity(unit);
  }

  private String environment(String workload) {
    return host.files.content(Path.of("/run/meshx-agent/proxy/" + workload + ".env")).orElseThrow();
  }

  private static String inOneLine(String pem) {
    return TrustBundle.of(pem).pem().lines().skip(1).findFirst().orElseThrow();
  }

  @Test
  void noProxyStartsBeforeTheBundleIsKnown() throws ConfigException {
    host.noSvid("meshx-agent", true);
    Story story = Story.of(host, config("bundle", "")).settle().after(A_MINUTE);

    assertEquals(Optional.empty(), proxy(WEB), story.plan().text());

    host.noSvid("meshx-agent", false).bundle(TrustBundle.of(OLD));
    story.after(A_MINUTE);

    assertTrue(story.plan().complete(), story.plan().text());
    assertTrue(environment("web").contains(inOneLine(OLD)), environment("web"));
  }

  @Test
  void anotherBundleRestartsOneProxyAfterTheOther() throws ConfigException {
    host.bundle(TrustBundle.of(OLD));
    Story story = joined(config("bundle", ""));
    Optional<Activity> api = proxy(API);
    Optional<Activity> web = proxy(WEB);

    host.bundle(TrustBundle.of(OLD + NEW));
    host.proxy("api", new ProxyHealth.NotReady(List.of("a certificate")));
    story.after(A_MINUTE);

    assertEquals(web, proxy(WEB), "the second is not touched before the first is ready again");
    assertTrue(
        story.plan().text().contains("the proxy of api to be ready: proxies are restarted one"),
        story.plan().text());

    host.proxy("api", new ProxyHealth.Ready("v2.366.0", FakeHost.EXPIRY));
    story.after(A_MINUTE);

    assertTrue(story.plan().complete(), story.plan().text());
    assertNotEquals(api, proxy(API));
    assertNotEquals(web, proxy(WEB));
    assertTrue(environment("web").contains(inOneLine(NEW)), environment("web"));
  }

  @Test
  void aProxyThatIsNotReadyAnywayDoesNotWaitForItsTurn() throws ConfigException {
    host.bundle(TrustBundle.of(OLD));
    Story story = joined(config("bundle", ""));
    Optional<Activity> web = proxy(WEB);
    host.proxy("web", new ProxyHealth.NotReady(List.of("trust")));
    story.after(A_MINUTE);

    host.bundle(TrustBundle.of(NEW));
    story.after(A_MINUTE);

    assertNotEquals(web, proxy(WEB));
  }

  @Test
  void aFileThatDiffersFromTheBundleIsWarnedOfAndRestartsNothing() throws ConfigException {
    host.bundle(TrustBundle.of(ConfigDirectory.ANCHOR));
    Story story = joined(config("file", ""));
    assertEquals(List.of(), story.plan().warnings());
    Optional<Activity> web = proxy(WEB);

    host.bundle(TrustBundle.of(NEW));
    story.after(A_MINUTE);

    assertEquals(web, proxy(WEB));
    assertTrue(story.plan().complete(), story.plan().text());
    assertEquals(2, story.plan().warnings().size(), story.plan().text());
    assertTrue(
        story.plan().warnings().getFirst().contains("'CN=root of a test'"), story.plan().text());
    assertTrue(
        story.plan().warnings().getLast().contains("is not in SPIRE's trust bundle"),
        story.plan().text());

    story.configure(config("file", NEW)).after(A_MINUTE);

    assertNotEquals(web, proxy(WEB));
    assertEquals(1, story.plan().warnings().size(), story.plan().text());
  }
}
