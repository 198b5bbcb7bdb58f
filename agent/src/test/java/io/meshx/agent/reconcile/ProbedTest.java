// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.health.Target;
import io.meshx.agent.health.Watched;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Story;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workloads that serve, and some that do not. */
final class ProbedTest {
  private static final WorkloadName WEB = new WorkloadName("web");
  private static final ResourceName RESOURCE =
      new ResourceName(new WorkloadName("mixed-env"), new WorkloadName("web-vm-1"));
  private static final Target TCP = new Target.Tcp(IpAddress.parse("127.0.0.1"), new Port(8000));
  private static final Duration A_MINUTE = Duration.ofMinutes(1);

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

  private AgentConfig config(String probes) throws ConfigException {
    return files.workload("web", Map.of("probe", probes)).read();
  }

  private Story joined() throws ConfigException {
    Story story = Story.of(host, config("[{ tcp = 8000 }]")).settle().after(A_MINUTE);
    assertTrue(story.plan().complete(), () -> story.plan().text());
    assertTrue(ready(), () -> story.plan().text());
    return story;
  }

  private boolean ready() {
    return host.registry.get(RESOURCE).orElseThrow().ready();
  }

  private static boolean says(Story story, String part) {
    return story.plan().text().contains(part);
  }

  private Watched watched() {
    return Objects.requireNonNull(host.probes.watched().get(WEB), "it runs");
  }

  @Test
  void peersChooseAWorkloadWhenItServes() throws ConfigException {
    host.probes.fail(TCP, "connection refused");
    Story story = Story.of(host, config("[{ tcp = 8000 }]")).settle().after(A_MINUTE);
    assertTrue(
        says(story, "probes to pass: tcp 127.0.0.1:8000: connection refused"),
        () -> story.plan().text());
    assertFalse(ready());
    assertEquals(
        "not ready: health waits for probes to pass: tcp 127.0.0.1:8000: connection refused",
        host.registry.said().getLast());

    host.probes.pass(TCP);
    story.after(A_MINUTE);

    assertTrue(ready());
  }

  @Test
  void oneThatStopsServingIsTakenOutAndKeepsRunning() throws ConfigException {
    Story story = joined();
    String before = watched().run();

    host.probes.fail(TCP, "connection refused");
    story.after(A_MINUTE).after(A_MINUTE);
    assertFalse(ready());
    assertEquals(before, watched().run());

    host.probes.pass(TCP);
    story.after(A_MINUTE).after(A_MINUTE);
    assertTrue(ready());
    assertTrue(says(story, "tcp 127.0.0.1:8000; failed once since"), () -> story.plan().text());
  }

  @Test
  void anAgentThatHasJustStartedSaysNothing() throws ConfigException {
    joined();
    int said = host.registry.said().size();
    host.probes.untried(TCP);

    Story again = Story.of(host, config("[{ tcp = 8000 }]")).settle().after(A_MINUTE);
    assertTrue(says(again, "a first look at its health: tcp"), () -> again.plan().text());
    assertEquals(said, host.registry.said().size());
    host.probes.pass(TCP);
    again.after(A_MINUTE);

    assertTrue(again.plan().complete(), () -> again.plan().text());
    assertEquals(said, host.registry.said().size());
  }

  @Test
  void whatAProbeRunsIsHeldAsTheWorkloadIs() throws ConfigException {
    joined();

    assertEquals(Optional.of(new UserName("web")), watched().confinement().user());
    assertEquals(OurUnits.WORKLOAD_SLICE, watched().confinement().slice());
    assertTrue(watched().confinement().filter().isPresent());
  }

  @Test
  void anotherProbeRestartsNothing() throws ConfigException {
    Story story = joined();
    String before = watched().run();

    story.configure(config("[{ unit = \"web.socket\", period = \"5s\" }]")).after(A_MINUTE);

    assertTrue(says(story, "unit web.socket"), () -> story.plan().text());
    assertEquals(before, watched().run());
  }

  @Test
  void withoutAProcessNothingIsProbed() throws ConfigException {
    Story story = joined();

    story.configure(config("[{ tcp = 8000 }]").with(new TreeMap<>())).after(A_MINUTE);

    assertEquals(Map.of(), host.probes.watched());
  }
}
