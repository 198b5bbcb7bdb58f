// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What dies comes back, and what carries traffic does not depend on what configures it. Everything
 * is done to two hosts at the same time, one of each cgroup layout, while each sends requests to
 * the other.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ResilienceIT {

  private final Mesh mesh = Mesh.open();
  private Pair pair = new Pair(List.of());
  private List<MeshHost> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    pair = Pair.join(mesh);
    hosts = pair.hosts();
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  @Test
  void killingTheAgentChangesNothingAndLosesNoRequest() {
    undisturbed(host -> host.kill9(MeshHost.AGENT_UNIT));
  }

  @Test
  void restartingTheAgentChangesNothingAndLosesNoRequest() {
    undisturbed(host -> host.host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok());
  }

  @Test
  void withTheAgentStoppedRequestsGoOn() {
    undisturbed(host -> {
      host.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
      host.request(pair.workload(host), pair.url(pair.peer(host)));
      assertEquals(3, host.meshx("status").exit());
      host.host().exec("systemctl", "start", MeshHost.AGENT_UNIT).ok();
    });
  }

  @Test
  void reloadingAndReexecutingSystemdChangesNothingAndLosesNoRequest() {
    undisturbed(host -> {
      host.host().exec("systemctl", "daemon-reload").ok();
      host.host().exec("systemctl", "daemon-reexec").ok();
      host.host().exec("systemctl", "daemon-reload").ok();
    });
  }

  /** The same as of a pair, and the agent has had nothing to change. */
  private void undisturbed(Consumer<MeshHost> action) {
    Mesh.onAll(hosts, MeshHost::awaitJoined);
    Map<String, Status> before = new TreeMap<>();
    hosts.forEach(host -> before.put(host.name(), host.status()));
    pair.undisturbed(action);
    for (MeshHost host : hosts) {
      Status after = host.status();
      Status earlier = Objects.requireNonNull(before.get(host.name()));
      boolean sameAgent = after.passes() > earlier.passes();
      assertEquals(
          sameAgent ? earlier.changes() : 0,
          after.changes(),
          () -> host.host().journal(MeshHost.AGENT_UNIT));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"proxy", "spire-agent", "dns", "workload"})
  void aKilledPartComesBackByItselfWithTheRulesInPlace(String part) {
    comesBack(part);
  }

  @Test
  void aKilledPartComesBackAlsoAfterAReloadAndWithoutTheAgent() {
    for (MeshHost host : hosts) {
      host.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
      host.host().exec("systemctl", "daemon-reload").ok();
      host.host().exec("systemctl", "daemon-reexec").ok();
    }
    comesBackWithoutTheAgent("proxy");
    comesBackWithoutTheAgent("workload");
    for (MeshHost host : hosts) {
      host.host().exec("systemctl", "start", MeshHost.AGENT_UNIT).ok();
    }
    Mesh.onAll(hosts, MeshHost::awaitJoined);
  }

  private void comesBack(String part) {
    comesBackWithoutTheAgent(part);
    Mesh.onAll(hosts, MeshHost::awaitJoined);
    pair.awaitRequests();
  }

  private void comesBackWithoutTheAgent(String part) {
    Map<String, SortedMap<String, Run>> before = new TreeMap<>();
    Map<String, String> rules = new TreeMap<>();
    hosts.forEach(host -> {
      before.put(host.name(), host.dataPlane());
      rules.put(host.name(), host.rules());
    });

    Mesh.onAll(hosts, host -> host.kill9(unit(host, part)));
    pair.awaitRequests();

    for (MeshHost host : hosts) {
      String killed = unit(host, part);
      SortedMap<String, Run> expected = before.getOrDefault(host.name(), new TreeMap<>());
      SortedMap<String, Run> after = host.dataPlane();
      assertNotEquals(expected.remove(killed), after.remove(killed));
      assertEquals(expected, after);
      assertEquals(rules.get(host.name()), host.rules());
    }
  }

  private String unit(MeshHost host, String part) {
    return switch (part) {
      case "proxy" -> pair.workload(host).proxyUnit();
      case "workload" -> pair.workload(host).unit();
      case "dns" -> "meshx-dns.service";
      case "spire-agent" -> MeshHost.SPIRE_AGENT_UNIT;
      default -> throw new IllegalArgumentException(part);
    };
  }

  /** What may be called on the bus without changing anything. */
  private static final Pattern LOOKS =
      Pattern.compile("([Gg]et|List)\\w*|Subscribe|LoadUnit|Ping|Introspect|Hello|AddMatch");

  private static final Pattern MEMBER = Pattern.compile("\\bMember=(\\w+)");

  @Test
  void twoPassesWithNothingToDoChangeNothing() {
    Mesh.onAll(hosts, MeshHost::awaitJoined);
    for (MeshHost host : hosts) {
      watch(host, "bus", "busctl", "monitor", "--match=type='method_call'");
      watch(host, "rules", "nft", "monitor");
      watch(host, "routes", "ip", "monitor", "link", "address", "route", "rule");
      Await.until(
          "the monitor of the bus",
          Duration.ofSeconds(20),
          () -> {
            host.host()
                .exec(
                    "busctl",
                    "--quiet",
                    "call",
                    "org.freedesktop.DBus",
                    "/",
                    "org.freedesktop.DBus.Peer",
                    "Ping");
            return !host.host().read("/run/watch-bus.log").isEmpty();
          });
    }
    Map<String, Status> before = new TreeMap<>();
    hosts.forEach(host -> before.put(host.name(), host.status()));

    Mesh.onAll(
        hosts,
        host -> {
          String first = awaitOtherFullPass(host, fullPass(host));
          awaitOtherFullPass(host, first);
        });

    for (MeshHost host : hosts) {
      Status then = before.getOrDefault(host.name(), host.status());
      Status now = host.status();
      assertEquals(then.changes(), now.changes(), () -> host.host().journal(MeshHost.AGENT_UNIT));
      assertTrue(now.passes() > then.passes());
      assertEquals("", host.host().read("/run/watch-rules.log"));
      assertEquals("", host.host().read("/run/watch-routes.log"));
      TreeSet<String> members = new TreeSet<>();
      MEMBER
          .matcher(host.host().read("/run/watch-bus.log"))
          .results()
          .map((MatchResult found) -> found.group(1))
          .forEach(members::add);
      assertFalse(members.isEmpty());
      members.removeIf(member -> LOOKS.matcher(member).matches());
      assertEquals(new TreeSet<>(), members);
      assertWatched(host);
      host.host().sh("systemctl stop 'watch-*.service'; rm /run/watch-*.log").ok();
    }
  }

  /** A change would have been seen. */
  private static void assertWatched(MeshHost host) {
    host.host()
        .sh(
            """
            ip route add 198.51.100.0/24 via 10.77.0.1; ip route del 198.51.100.0/24
            nft add table inet lab; nft delete table inet lab
            """)
        .ok();
    for (String watched : List.of("/run/watch-rules.log", "/run/watch-routes.log")) {
      Await.until(
          "a change in " + watched,
          Duration.ofSeconds(10),
          () -> !host.host().read(watched).isEmpty());
    }
  }

  private static void watch(MeshHost host, String name, String... argv) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "systemd-run",
                "--quiet",
                "--collect",
                "--service-type=exec",
                "--unit=watch-" + name + ".service",
                "--property=StandardOutput=file:/run/watch-" + name + ".log"));
    all.addAll(List.of(argv));
    host.host().exec(all.toArray(String[]::new)).ok();
  }

  private static String fullPass(MeshHost host) {
    return host.metrics()
        .lines()
        .filter(line -> line.startsWith("meshx_full_pass_seconds "))
        .findFirst()
        .orElse("");
  }

  /** The time that a full pass took is measured anew each time, to the nanosecond. */
  private static String awaitOtherFullPass(MeshHost host, String than) {
    String[] last = {than};
    Await.until(
        "a full pass on " + host.name(),
        Duration.ofSeconds(60),
        () -> {
          last[0] = fullPass(host);
          return !last[0].isEmpty() && !last[0].equals(than);
        });
    return last[0];
  }
}
