// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.registry.NodeNetwork;
import io.meshx.agent.registry.NodesState;
import io.meshx.agent.route.Route;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Story;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Routes to pods by way of their nodes, which come and go. */
final class NodeRoutesTest {
  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final NodeNetwork ONE = node("10.244.1.0/24", "192.0.2.11");
  private static final NodeNetwork TWO = node("10.244.2.0/24", "192.0.2.12");
  private static final Route TO_ONE = route("10.244.1.0/24", "192.0.2.11");
  private static final Route TO_TWO = route("10.244.2.0/24", "192.0.2.12");

  @TempDir Path directory;
  private final FakeHost host = new FakeHost("web");
  private ConfigDirectory files;

  private static NodeNetwork node(String pods, String address) {
    return new NodeNetwork(List.of(Cidr.parse(pods)), List.of(IpAddress.parse(address)));
  }

  private static Route route(String destination, String via) {
    return new Route(Cidr.parse(destination), IpAddress.parse(via));
  }

  @BeforeEach
  void configure() {
    files =
        ConfigDirectory.minimal(directory, "agent")
            .file("kubernetes-ca.pem", ConfigDirectory.ANCHOR)
            .agent("kubernetes.server", "\"https://192.0.2.1:6443\"")
            .agent("network.pod_cidrs", "\"auto\"");
  }

  private Story begun() throws ConfigException {
    AgentConfig config = files.workload("web", Map.of()).read();
    return Story.of(host, config).settle().after(A_MINUTE);
  }

  private Set<Route> ours() {
    return host.routes.observe().ours();
  }

  private void nodes(Map<String, NodeNetwork> all) {
    host.registry.nodes(new NodesState.Known(new TreeMap<>(all)));
  }

  @Test
  void routesComeAndGoWithTheirNodes() throws ConfigException {
    nodes(Map.of("one", ONE));
    Story story = begun();
    assertTrue(story.plan().complete(), () -> story.plan().text());
    assertEquals(Set.of(TO_ONE), ours());

    nodes(Map.of("one", ONE, "two", TWO));
    story.after(A_MINUTE);
    assertEquals(Set.of(TO_ONE, TO_TWO), ours());

    nodes(Map.of("two", TWO));
    story.after(A_MINUTE);
    assertEquals(Set.of(TO_TWO), ours());

    nodes(Map.of("two", node("10.244.2.0/24", "192.0.2.13")));
    story.after(A_MINUTE);
    assertEquals(Set.of(route("10.244.2.0/24", "192.0.2.13")), ours());
  }

  @Test
  void untilTheClusterHasSaidNothingIsTakenAway() throws Exception {
    host.routes.add(TO_ONE);
    host.registry.nodes(new NodesState.Unknown("connection refused"));
    Story story = begun();

    assertEquals(Set.of(TO_ONE), ours());
    assertTrue(
        story.plan().text().contains("which nodes there are: connection refused"),
        () -> story.plan().text());
    nodes(Map.of("two", TWO));
    story.after(A_MINUTE);

    assertEquals(Set.of(TO_TWO), ours());
    assertTrue(story.plan().complete(), () -> story.plan().text());
  }

  @Test
  void aNodeWithoutAnAddressOfTheFamilyIsNamed() throws ConfigException {
    nodes(Map.of("six", node("fd10:244::/64", "192.0.2.16"), "one", ONE));
    Story story = begun();

    assertEquals(Set.of(TO_ONE), ours());
    assertTrue(
        story.plan().text().contains("the pods fd10:244::/64 of node six have no route"),
        () -> story.plan().text());
  }

  @Test
  void aRouteThatSomebodyTakesIsPutBackAtOnce() throws ConfigException {
    nodes(Map.of("one", ONE));
    Story story = begun();

    host.routes.take(TO_ONE);
    story.after(Duration.ofMillis(300));

    assertEquals(Set.of(TO_ONE), ours());
  }
}
