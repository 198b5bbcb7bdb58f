// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import io.meshx.it.suite.WrongConfigurations.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A configuration that is wrong is refused with a report that says file, line, key, what is wrong
 * and what is allowed; and nothing on the host is touched.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class BadInputIT {
  /** What {@code meshx} ends with when the configuration is wrong. */
  private static final int CONFIG = 78;

  /** What {@code meshx status} ends with when something is not joined. */
  private static final int NOT_READY = 4;

  private static final Duration LONG = Duration.ofSeconds(60);

  private final Mesh mesh = Mesh.open();
  private final Path directory = mesh.lab().cluster().directory("wrong");
  private final WrongConfigurations wrong =
      new WrongConfigurations(directory, mesh.pki().anchor().certificatePem());
  private SortedMap<String, List<String>> expected = new TreeMap<>();
  private MeshHost vm;
  private Host host;

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void install() {
    vm =
        mesh.hosts(
                MeshHost.spec("vm1", Debian.BOOKWORM).mounting(directory, WrongConfigurations.AT))
            .getFirst();
    host = vm.host();
    expected =
        WrongCases.fill(
            wrong,
            mesh.pki().anchor(),
            host.read(MeshHost.CONFIG),
            host.read("/usr/share/doc/meshx-agent/examples/web.toml.example"));
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  @Test
  @Order(1)
  void everyWrongConfigurationGetsOneClearReport() {
    HostSnapshot before = HostSnapshot.of(host);

    Map<String, Verdict> verdicts = wrong.validate(host);

    assertEquals("", before.difference(HostSnapshot.of(host)));
    assertEquals(expected.keySet(), verdicts.keySet());
    List<String> mistakes = new ArrayList<>();
    verdicts.forEach((name, verdict) -> {
      if (verdict.exit() != CONFIG || !begin(verdict.lines(), expectedOf(name))) {
        mistakes.add("%s: expected %s, came %s".formatted(name, expectedOf(name), verdict));
      }
    });
    assertTrue(mistakes.isEmpty(), () -> String.join("\n", mistakes));
  }

  private List<String> expectedOf(String name) {
    return expected.getOrDefault(name, List.of());
  }

  private static boolean begin(List<String> lines, List<String> starts) {
    boolean right = lines.size() == starts.size();
    for (int at = 0; right && at < lines.size(); at++) {
      right = lines.get(at).startsWith(starts.get(at));
    }
    return right;
  }

  @Test
  @Order(2)
  void theAgentDoesNotStartWithAWrongConfigurationAndTouchesNothing() {
    // Whoever starts the unit pulls this in, before the agent itself runs.
    host.exec("systemctl", "start", "network-online.target").ok();
    HostSnapshot before = HostSnapshot.of(host);
    host.sh("mv /etc/meshx-agent /etc/right").ok();
    for (String name :
        List.of(
            "no-agent-toml",
            "directory-agent-toml",
            "binary",
            "type-of-mesh.trust_domain",
            "no-anchors",
            "duplicate-workloads")) {
      host.sh("rm -rf /etc/meshx-agent && cp -a /wrong/%s /etc/meshx-agent".formatted(name)).ok();

      assertFalse(systemctl("start").succeeded(), name);

      assertRefused(name);
      systemctl("reset-failed").ok();
    }
    host.sh("rm -rf /etc/meshx-agent && mv /etc/right /etc/meshx-agent").ok();
    assertEquals("", before.difference(HostSnapshot.of(host)));
  }

  private Result systemctl(String verb) {
    return host.exec("systemctl", verb, MeshHost.AGENT_UNIT);
  }

  /** It ended with status 78 and is not started again; its last lines are the report. */
  private void assertRefused(String name) {
    assertEquals(
        Set.of("NRestarts=0", "Result=exit-code", "ExecMainStatus=78", "ActiveState=failed"),
        Set.copyOf(
            host.exec(
                    "systemctl",
                    "show",
                    "--property=ActiveState,Result,ExecMainStatus,NRestarts",
                    MeshHost.AGENT_UNIT)
                .ok()
                .lines()));
    String invocation =
        host.exec("systemctl", "show", "--value", "--property=InvocationID", MeshHost.AGENT_UNIT)
            .ok()
            .out();
    Await.until(
        "the journal to have the report on " + name,
        LONG,
        () -> {
          List<String> said =
              host
                  .exec("journalctl", "-q", "-o", "cat", "_SYSTEMD_INVOCATION_ID=" + invocation)
                  .lines()
                  .stream()
                  .map(line -> line.replace("/etc/meshx-agent/", ""))
                  .toList();
          return begin(said, expectedOf(name));
        });
  }

  @Test
  @Order(3)
  void aWrongFileLeavesWhatRunsAsItIsUntilItIsCorrected() {
    Workload web = Workload.first("web");
    Workload api = Workload.numbered("api", 1);
    mesh.set(vm, MeshHost.Mode.AGENT, web);
    vm.prepare(api);
    vm.registerWorkload(mesh.spireServer(), api);
    vm.join();
    SortedMap<String, MeshHost.Run> units = vm.dataPlane();
    String rules = vm.rules();

    host.write(api.path(), api.toml().withText("process.user", "root").text());
    assertNotApplied(api.path() + ":6: process.user: 'root' is refused");
    assertEquals(units, vm.dataPlane());
    assertEquals(rules, vm.rules());

    host.write("/etc/meshx-agent/conf.d/10.toml", "[mehs]\n");
    assertNotApplied("/etc/meshx-agent/conf.d/10.toml:1: mehs: unknown table");
    host.delete("/etc/meshx-agent/conf.d/10.toml");
    assertNotApplied(api.path() + ":6: process.user: 'root' is refused");

    assertFalse(systemctl("restart").succeeded());
    assertEquals(units, vm.dataPlane());
    assertEquals(rules, vm.rules());

    vm.add(api);
    vm.join();
    Map<String, MeshHost.Run> more = vm.dataPlane();
    assertTrue(more.keySet().containsAll(List.of(api.unit(), api.proxyUnit())), more::toString);
    assertTrue(more.entrySet().containsAll(units.entrySet()), () -> units + " is not in " + more);
  }

  private void assertNotApplied(String problem) {
    Status[] last = new Status[1];
    Await.until(
        "the status to begin its problems with " + problem,
        LONG,
        () -> {
          last[0] = vm.status();
          return last[0].configProblems().stream().anyMatch(each -> each.startsWith(problem));
        });
    Result text = vm.meshx("status");
    assertEquals(NOT_READY, text.exit(), text::toString);
    assertTrue(text.stdout().contains("configuration not applied: " + problem), text::toString);
  }
}
