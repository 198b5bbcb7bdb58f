// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.meshx.agent.config.AgentConfig.ChosenPorts;
import io.meshx.agent.config.AgentConfig.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ChosenPortsTest {
  @TempDir Path root;
  private ConfigDirectory directory;

  @BeforeEach
  void configure() {
    directory = ConfigDirectory.minimal(root, "agent").remembering();
  }

  /** Reads, keeps what is to be remembered, and gives the inbound, outbound and admin ports. */
  private Map<String, String> read() throws ConfigException, IOException {
    AgentConfig config = directory.read();
    Optional<ChosenPorts> chosen = config.chosenPorts();
    if (chosen.isPresent()) {
      Files.writeString(chosen.get().file(), chosen.get().text());
    }
    Map<String, String> ports = new TreeMap<>();
    for (Workload workload : config.workloads().values()) {
      AgentConfig.Proxy proxy = workload.proxy();
      ports.put(
          workload.name().text(), proxy.inbound() + " " + proxy.outbound() + " " + proxy.admin());
    }
    return ports;
  }

  @Test
  void theFirstHasTheUsualPortsAndOthersThoseAbove() throws Exception {
    directory.workload("api", Map.of()).workload("web", Map.of()).workload("zoo", Map.of());

    assertEquals(
        Map.of("api", "4143 4140 4191", "web", "4243 4240 4291", "zoo", "4343 4340 4391"), read());
  }

  @Test
  void theyStayWhenAnotherComesOrLeavesWhoseNameIsBefore() throws Exception {
    directory.workload("web", Map.of());
    assertEquals(Map.of("web", "4143 4140 4191"), read());

    directory.workload("api", Map.of());
    assertEquals(Map.of("api", "4243 4240 4291", "web", "4143 4140 4191"), read());

    Files.delete(root.resolve("workloads/web.toml"));
    assertEquals(Map.of("api", "4243 4240 4291"), read());

    directory.workload("aaa", Map.of());
    assertEquals(Map.of("aaa", "4143 4140 4191", "api", "4243 4240 4291"), read());
  }

  @Test
  void theyStayWhileTheFileDoesNotSayThemYet() throws Exception {
    directory.workload("web", Map.of());
    AgentConfig inForce = directory.read();

    directory.workload("api", Map.of());
    AgentConfig next = directory.read(inForce);

    assertEquals(
        List.of("api 4243", "web 4143"),
        next.workloads().values().stream()
            .map(workload -> workload.name() + " " + workload.proxy().inbound())
            .toList());
  }

  @Test
  void whatSomebodyNamedIsNotChosenAndTakesPrecedence() throws Exception {
    directory
        .workload("api", Map.of())
        .workload("own", Map.of("proxy.inbound", "4143"))
        .workload("web", Map.of("port", "[{ name = \"http\", port = 4240 }]"));
    assertEquals(
        Map.of("api", "4343 4340 4391", "own", "4143 4140 4191", "web", "4443 4440 4491"), read());

    directory.workload("new", Map.of("port", "[{ name = \"http\", port = 4391 }]"));
    assertEquals("4543 4540 4591", read().get("api"));
  }

  @Test
  void workloadsThatNameTheirPortsNeedNoMemory() throws Exception {
    directory.workload("web", Map.of("proxy.inbound", "5143"));

    assertEquals(Optional.empty(), directory.read().chosenPorts());
  }

  @Test
  void otherPortsAreAnotherProxy() throws Exception {
    directory.workload("api", Map.of());
    read();
    Workload before = directory.read().workloads().firstEntry().getValue();
    Files.writeString(root.resolve("ports.toml"), "api = 5143\n");
    Workload after = directory.read().workloads().firstEntry().getValue();

    assertNotEquals(before.given().proxy(), after.given().proxy());
    assertEquals(before.given().process(), after.given().process());
  }

  @Test
  void aMemoryThatSaysNothingSensibleIsToldWithItsLine() throws Exception {
    directory.workload("api", Map.of());
    Files.writeString(root.resolve("ports.toml"), "api = 4144\nweb = \"x\"\nB = 4143\n");

    assertEquals(
        List.of(
            "ports.toml:1: api: '4144' is none of the inbound ports 4143, 4243 and so on; remove"
                + " this line to have ports chosen anew",
            "ports.toml:2: web: is a string; remove this line to have ports chosen anew",
            "ports.toml:3: B: 'B' is no workload name; allowed: 1 to 63 lower-case letters, digits and"
                + " inner dashes (RFC 1123 label); remove this line to have ports chosen anew"),
        directory.problems());
  }
}
