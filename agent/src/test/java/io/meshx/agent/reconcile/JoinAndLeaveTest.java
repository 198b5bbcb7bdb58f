// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Golden;
import io.meshx.agent.testing.Story;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole join and leave as golden plans, for one and for two workloads, in each mode. */
class JoinAndLeaveTest {
  private static final Map<String, String> SECOND_PORTS =
      Map.of("proxy.inbound", "4243", "proxy.outbound", "4240", "proxy.admin", "4291");

  private final Path directory;

  JoinAndLeaveTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private ConfigDirectory config(String mode) {
    return ConfigDirectory.minimal(directory, mode)
        .agent("host.name", "\"vm-1\"")
        .agent("network.pod_cidrs", "[\"10.244.0.0/16\"]")
        .agent("network.service_cidrs", "[\"10.96.0.0/16\"]")
        .agent("network.via", "\"192.0.2.1\"")
        .agent("network.dns_servers", "[\"10.96.0.10\"]")
        .workload("web", Map.of());
  }

  private AgentConfig both(String mode) throws ConfigException {
    return config(mode).workload("api", SECOND_PORTS).read();
  }

  private void told(String name, Story story) {
    Golden.check("story/" + name + ".txt", story.told().replace(directory.toString(), "/etc/m"));
  }

  @Test
  void oneWorkloadJoinsInModeAgent() throws ConfigException {
    Story story = Story.of(new FakeHost("web"), config("agent").read()).settle();
    assertTrue(story.plan().complete(), story.plan().text());
    told("join-agent-one", story);
  }

  @Test
  void twoWorkloadsJoinInModeDemo() throws ConfigException {
    Story story = Story.of(new FakeHost("web", "api"), both("demo")).settle();
    assertTrue(story.plan().complete(), story.plan().text());
    told("join-demo-two", story);
  }

  @Test
  void oneWorkloadJoinsInModeExternal() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story story = Story.of(host, config("external").read()).settle();
    assertTrue(story.plan().complete(), story.plan().text());
    told("join-external-one", story);
    assertEquals(Set.of(), host.read(), "that SPIRE agent's log is somebody else's");
  }

  @Test
  void oneOfTwoWorkloadsLeaves() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story.of(host, both("agent")).settle();
    Story story = Story.of(host, both("agent")).settle();
    String before = host.toString();
    AgentConfig without = without(both("agent"), "api");
    story.configure(without);
    assertTrue(story.plan().complete(), story.plan().text());
    told("leave-one-of-two", story);
    story.configure(both("agent"));
    assertEquals(
        before.replaceAll("Running\\[[^]]*]", "Running"),
        host.toString().replaceAll("Running\\[[^]]*]", "Running"));
  }

  @Test
  void downLeavesTheHostAsItWas() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    String before = new FakeHost("web", "api").toString();
    Story.of(host, both("agent")).settle();
    Story story = Story.down(host).settle();
    assertTrue(story.plan().complete(), story.plan().text());
    told("down-two", story);
    assertEquals(withoutFiles(before), withoutFiles(host.toString()));
  }

  @Test
  void aSecondLookChangesNothing() throws ConfigException {
    FakeHost host = new FakeHost("web", "api");
    Story story = Story.of(host, both("demo")).settle();
    // Once the SPIRE agent is attested its configuration names the token no more.
    story.after(Duration.ofSeconds(10));
    long changes = story.changes();
    String before = host.toString();
    story.after(Duration.ofSeconds(30)).after(Duration.ofSeconds(30));
    assertEquals(changes, story.changes());
    assertEquals(before, host.toString());
    assertEquals(0, Story.of(host, both("demo")).settle().changes());
  }

  @Test
  void rebootedHostJoinsAgain() throws ConfigException {
    FakeHost host = new FakeHost("web");
    Story.of(host, config("demo").read()).settle();
    host.reboot();
    Story story = Story.of(host, config("demo").read()).settle();
    assertTrue(story.plan().complete(), story.plan().text());
  }

  private static AgentConfig without(AgentConfig config, String workload) {
    TreeMap<WorkloadName, AgentConfig.Workload> rest = new TreeMap<>(config.workloads());
    rest.remove(new WorkloadName(workload));
    return config.with(rest);
  }

  private static String withoutFiles(String host) {
    return host.replaceAll("(?s)files\n.*?\nentries", "entries");
  }
}
