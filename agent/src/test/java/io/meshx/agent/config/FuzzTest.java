// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.firewall.Backend;
import io.meshx.agent.firewall.Capture;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever stands where a port, a network, a service or a name belongs is refused at its line, or
 * becomes rules that are read back as they were meant. The seed is fixed: a failure can be
 * repeated.
 */
final class FuzzTest {
  private static final long SEED = 20261127;
  private static final int ROUNDS = 500;
  private static final SortedSet<IpFamily> FAMILIES =
      new TreeSet<>(EnumSet.of(IpFamily.V4, IpFamily.V6));

  private static final List<String> KEYS =
      List.of(
          "intercept.skip_outbound_ports",
          "intercept.skip_outbound_networks",
          "intercept.skip_inbound_ports",
          "intercept.skip_inbound_networks",
          "intercept.allow_udp_ports");

  private static final List<String> RIGHT =
      List.of("10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "80-443", "8000-8100", "nginx", "a@b");

  private static final List<String> PARTS =
      List.of(
          "0",
          "1",
          "22",
          "80",
          "443",
          "65535",
          "65536",
          "99999999999999999999",
          "-",
          "-1",
          ":",
          "/",
          "/0",
          "/8",
          "/24",
          "/32",
          "/33",
          "/128",
          "10.0.0.0",
          "10.0.0.1",
          "192.168.0.0",
          "fd00::",
          "::",
          "::1",
          "::ffff:10.0.0.0",
          "fe80::%eth0",
          "%",
          "%s",
          "%i",
          "$HOME",
          "`id`",
          "'",
          "\"",
          "\\",
          "\n",
          "\r",
          "\t",
          "\u0000",
          " ",
          ";",
          "}",
          "{",
          ",",
          "#",
          "--",
          "-j ACCEPT",
          "accept",
          "meshx/web/",
          "é",
          "１",
          "٣",
          "\u202e",
          "e",
          "x",
          "0x50",
          "1e3",
          "+80",
          "08");

  private final Path root;
  private final Random random = new Random(SEED);

  FuzzTest(@TempDir Path root) {
    this.root = root;
  }

  private String noise() {
    boolean begunWell = random.nextInt(3) == 0;
    StringBuilder text =
        new StringBuilder(begunWell ? RIGHT.get(random.nextInt(RIGHT.size())) : "");
    for (int parts = (begunWell ? 0 : 1) + random.nextInt(3); parts > 0; parts--) {
      text.append(PARTS.get(random.nextInt(PARTS.size())));
    }
    return text.toString();
  }

  /** As a string of TOML, whatever is in it. */
  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.chars().forEach(c -> quoted.append("\\u%04x".formatted(c)));
    return quoted.append('"').toString();
  }

  @Test
  void exceptionsAreRefusedOrCarriedSafely() {
    int taken = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String key = KEYS.get(random.nextInt(KEYS.size()));
      String text = noise();
      ConfigDirectory directory =
          ConfigDirectory.minimal(root, "agent")
              .workload("web", Map.of(key, "[" + quoted(text) + "]"));
      try {
        Workload workload = directory.read().workloads().firstEntry().getValue();
        taken++;
        assertReadBack(workload, text);
      } catch (ConfigException e) {
        assertEquals(1, e.problems().size(), () -> text + ": " + e.problems());
        String told = e.problems().getFirst().toString();
        assertTrue(told.contains("workloads/web.toml:1: " + key), told);
        assertFalse(told.contains("\n"), told);
      }
    }
    assertTrue(taken > ROUNDS / 100, "some of it is right: " + taken);
  }

  private static void assertReadBack(Workload workload, String text) {
    TreeMap<WorkloadName, Capture> captures = new TreeMap<>();
    captures.put(
        workload.name(),
        new Capture(
            new Scope.User(1001),
            new Port(4140),
            new TreeSet<>(Set.of(new Port(8000))),
            new Port(4143),
            workload.intercept().direct(),
            true));
    Interception interception = new Interception(new TreeSet<>(Set.of(990)), captures);
    for (Backend backend : Backend.values()) {
      HostRules rules = HostRules.of(interception, backend, FAMILIES);
      assertEquals(rules, HostRules.parse(rules.text()), text);
    }
  }

  @Test
  void namesOfServicesAreRefusedOrTakenAsTheyAre() {
    for (int round = 0; round < ROUNDS; round++) {
      String text = noise() + (random.nextBoolean() ? ".service" : "");
      ConfigDirectory directory =
          ConfigDirectory.minimal(root, "agent")
              .file(
                  "workloads/web.toml",
                  "namespace = \"mixed-env\"\nprocess.unit = " + quoted(text) + "\n");
      try {
        AgentConfig.WorkloadProcess process =
            directory.read().workloads().firstEntry().getValue().process();
        assertTrue(
            process instanceof AgentConfig.WorkloadProcess.Foreign foreign
                && foreign.unit().text().equals(text)
                && text.matches("[a-zA-Z0-9:_.\\\\@-]+[.]service"),
            text);
      } catch (ConfigException e) {
        assertEquals(1, e.problems().size(), () -> text + ": " + e.problems());
        assertFalse(e.problems().getFirst().toString().contains("\n"), text);
      }
    }
  }
}
