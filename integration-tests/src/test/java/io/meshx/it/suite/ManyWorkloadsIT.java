// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Twenty workloads on one host, whose files name no ports of their proxies. */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ManyWorkloadsIT {
  private static final int COUNT = 20;
  private static final int ROTATIONS = 200;
  private static final int PER_SECOND = 20;

  /** Life of an SVID that is renewed every 5 seconds. */
  private static final Duration SHORT = Duration.ofSeconds(10);

  /** For what the agent notices by itself. */
  private static final Duration SOON = Duration.ofSeconds(30);

  private final Mesh mesh = Mesh.open();
  private final Workload caller = Workload.first("caller");
  private final List<Workload> workloads = new ArrayList<>();
  private final Map<Workload, String> urls = new HashMap<>();
  private final Map<Workload, String> entries = new HashMap<>();
  private String peerUrl = "";
  private MeshHost host;
  private MeshHost peer;

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  ManyWorkloadsIT() {
    for (int number = 0; number < COUNT; number++) {
      workloads.add(Workload.numbered(String.format(Locale.ROOT, "w%02d", number), number));
    }
    List<MeshHost> hosts =
        mesh.hosts(MeshHost.spec("vm1", Debian.TRIXIE), MeshHost.spec("vm2", Debian.BOOKWORM));
    this.host = hosts.getFirst();
    this.peer = hosts.getLast();
  }

  @BeforeAll
  void join() {
    mesh.set(peer, MeshHost.Mode.AGENT, caller);
    mesh.set(host, MeshHost.Mode.AGENT);
    host.prepare(workloads.toArray(Workload[]::new));
    for (Workload each : workloads) {
      entries.put(each, host.registerWorkload(mesh.spireServer(), each));
      host.host().write(each.path(), each.tomlWithoutProxyPorts().text());
      urls.put(each, mesh.service("10.96.40." + (10 + each.number()), host, each));
    }
    peerUrl = mesh.service("10.96.41.10", peer, caller);
    Mesh.onAll(List.of(host, peer), MeshHost::join);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  /** Each test leaves all of them as they were. */
  @AfterEach
  void allAreJoined() {
    for (Workload each : workloads) {
      host.host().write(each.path(), each.tomlWithoutProxyPorts().text());
    }
    Await.until(
        "every workload to have joined",
        MeshHost.TIME_TO_JOIN,
        () -> joined(host.status()).size() == COUNT && host.status().joined());
  }

  private String url(Workload workload) {
    return urls.getOrDefault(workload, "");
  }

  /** The workloads whose every step is done. */
  private List<String> joined(Status status) {
    Map<String, Boolean> done =
        status.steps().stream()
            .collect(
                Collectors.toMap(
                    Status.Step::scope,
                    step -> step.state().equals("done"),
                    Boolean::logicalAnd,
                    TreeMap::new));
    return workloads.stream()
        .map(Workload::name)
        .filter(name -> done.getOrDefault(name, false))
        .toList();
  }

  /** What runs for all workloads but some. */
  private SortedMap<String, Run> without(Workload... left) {
    SortedMap<String, Run> there = host.dataPlane();
    for (Workload each : left) {
      there.remove(each.unit());
      there.remove(each.proxyUnit());
    }
    // Probes stay as exited until the next start of their workload.
    there.keySet().removeIf(unit -> unit.startsWith("meshx-probe-"));
    return there;
  }

  @Test
  void eachHasItsOwnProxyPortsAndIdentity() {
    for (Workload each : workloads) {
      assertEquals(caller.spiffeId(), peer.awaitRequest(caller, url(each)).clientId());
      assertEquals(each.spiffeId(), host.status().svid(each.name()).id());
      assertTrue(
          host.proxyMetrics(each).contains("process_start_time_seconds"), "at " + each.admin());
    }
  }

  /** Linkerd takes an endpoint at an address of its own host for itself, and sends no TLS there. */
  @Test
  void theyCallEachOtherOverLoopbackWithoutAnIdentity() {
    Workload first = workloads.getFirst();
    Workload last = workloads.getLast();

    assertEquals("", host.awaitRequest(first, url(last)).clientId());
    assertEquals("", host.awaitRequest(last, url(first)).clientId());
  }

  /** Two hundred of them, under load. */
  @Test
  void manyRotationsCostNoRequestAndRestartNothing() {
    for (Workload each : workloads) {
      mesh.spireServer().shorten(entries.getOrDefault(each, ""), SHORT);
    }
    Await.until(
        "all SVIDs to be of the short kind",
        SOON,
        () ->
            host.status().svids().values().stream().filter(ManyWorkloadsIT::isShort).count()
                >= COUNT);
    SortedMap<String, Run> before = without();
    int rotations = rotations();
    List<Load> loads =
        List.of(
            peer.load(caller, url(workloads.getFirst()), PER_SECOND),
            host.load(workloads.getLast(), peerUrl, PER_SECOND));

    Await.until(
        "two hundred rotations", Duration.ofMinutes(4), () -> rotations() - rotations >= ROTATIONS);

    for (Load load : loads) {
      Load.Summary summary = load.end();
      assertEquals(0, summary.failed(), summary::toString);
      assertEquals(0, summary.plain(), summary::toString);
      assertTrue(summary.ok() > ROTATIONS, summary::toString);
    }
    assertEquals(before, without());
    for (Workload each : workloads) {
      mesh.spireServer().shorten(entries.getOrDefault(each, ""), Duration.ZERO);
    }
  }

  private static boolean isShort(Status.Svid svid) {
    return svid.secondsLeft() <= SHORT.toSeconds();
  }

  private int rotations() {
    return host.status().svids().values().stream().mapToInt(Status.Svid::rotations).sum();
  }

  @Test
  void oneThatLeavesAndComesBackIsNotNoticedByTheOthersAndHasItsPortsAgain() {
    Workload one = workloads.get(7);
    SortedMap<String, Run> others = without(one);
    String rules = rulesOfOthers(one);

    host.drop(one);
    Await.until(
        one.unit() + " to be gone",
        SOON,
        () -> host.run(one.unit()).pid() == 0 && host.run(one.proxyUnit()).pid() == 0);
    assertEquals(others, without(one));
    assertEquals(rules, rulesOfOthers(one));

    host.host().write(one.path(), one.tomlWithoutProxyPorts().text());
    host.awaitJoined();

    assertEquals(others, without(one));
    assertEquals(caller.spiffeId(), peer.awaitRequest(caller, url(one)).clientId());
  }

  private String rulesOfOthers(Workload one) {
    return host.ourRules()
        .lines()
        .filter(line -> !line.contains(one.name()))
        .collect(Collectors.joining("\n"));
  }

  @Test
  void nothingOfThemIsStartedAgainByAReloadOrByTheAgentsEndAndReturn() {
    SortedMap<String, Run> before = without();
    String rules = host.ourRules();

    host.host().exec("systemctl", "daemon-reload").ok();
    host.kill9(MeshHost.AGENT_UNIT);
    host.awaitJoined();
    assertEquals(before, without());
    assertEquals(rules, host.ourRules());

    host.install();
    host.host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    host.awaitJoined();
    assertEquals(before, without());
    assertEquals(rules, host.ourRules());
  }

  @Test
  void oneThatCrashesOneThatIsWrongAndOneWithoutAnEntryLeaveTheOthersAlone() {
    Workload crashing = workloads.get(3);
    Workload orphan = workloads.get(11);
    Workload wrong = workloads.get(17);
    SortedMap<String, Run> others = without(crashing, orphan, wrong);

    host.host()
        .write(
            crashing.path(),
            crashing
                .tomlWithoutProxyPorts()
                .with("process.exec", "[\"/bin/false\"]")
                .with("process.start_limit", "3")
                .withText("process.start_limit_interval", "1m")
                .withText("process.restart_delay", "10ms")
                .text());
    Await.until(
        crashing + " to be given up and told with the way back",
        SOON,
        () ->
            host.status().steps().stream()
                .anyMatch(step ->
                    step.scope().equals(crashing.name())
                        && step.detail().contains("status 1")
                        && step.detail().contains("systemctl reset-failed " + crashing.unit())));
    mesh.spireServer().deleteEntry(entries.getOrDefault(orphan, ""));
    Await.until(
        orphan + " to be told as without an entry",
        SOON,
        () ->
            host.status().steps().stream()
                .anyMatch(step ->
                    step.scope().equals(orphan.name())
                        && step.detail().contains("a registration entry for")));
    host.host()
        .write(wrong.path(), wrong.tomlWithoutProxyPorts().with("process.users", "1").text());
    Await.until(
        wrong + " to be told as wrong",
        SOON,
        () ->
            host.status().configProblems().stream()
                .anyMatch(problem -> problem.contains("w17.toml") && problem.contains("users")));

    List<String> fine = new ArrayList<>(joined(host.status()));
    assertEquals(others, without(crashing, orphan, wrong));
    assertEquals(
        workloads.stream()
            .map(Workload::name)
            .filter(name -> !name.equals(crashing.name()) && !name.equals(orphan.name()))
            .toList(),
        fine);
    assertEquals(caller.spiffeId(), peer.awaitRequest(caller, url(wrong)).clientId());
    entries.put(orphan, host.registerWorkload(mesh.spireServer(), orphan));
  }
}
