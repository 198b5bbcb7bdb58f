// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.KubeApi;
import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Answer;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import io.meshx.it.realmesh.RealMesh;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Two hosts in a mesh of real parts: linkerd2-proxy, Linkerd's destination and policy controllers,
 * a Kubernetes API, SPIRE. What the stand-ins play must be so here.
 */
@Tag("realmesh")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RealMeshIT {
  private static final Duration SVID_TTL = Duration.ofSeconds(30);
  private static final String SOCKET = "/run/meshx-agent/spire/public/api.sock";
  private static final int NOT_JOINED = 4;

  private final RealMesh mesh = RealMesh.open(SpireServer.Settings.DEFAULT.withSvidTtl(SVID_TTL));
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();
  private String apiService = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    mesh.set(vm1(), MeshHost.Mode.AGENT, web);
    mesh.set(vm2(), MeshHost.Mode.AGENT, api);
    apiService = mesh.service("10.96.20.2", api);
    Mesh.onAll(hosts, MeshHost::join);
    vm1().awaitRequest(web, apiService);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost vm1() {
    return hosts.getFirst();
  }

  private MeshHost vm2() {
    return hosts.getLast();
  }

  @Test
  void aRequestByServiceNameArrivesWithTheCallersIdentityThroughBothProxies() {
    assertAnsweredByApi(web);
    assertHasLine(
        vm2().proxyMetrics(api),
        "request_total{direction=\"inbound\"",
        "tls=\"true\"",
        "client_id=\"" + web.spiffeId() + "\"");
    assertHasLine(
        vm1().proxyMetrics(web),
        "request_total{direction=\"outbound\"",
        "tls=\"true\"",
        "server_id=\"" + api.spiffeId() + "\"",
        "dst_external_workload=\"api-vm2\"");
  }

  private void assertAnsweredByApi(Workload caller) {
    int uid = Integer.parseInt(vm2().host().exec("id", "-u", "api").ok().out());
    int pid = vm2().run(api.unit()).pid();
    assertEquals(
        new Answer("api", Workload.NAMESPACE, "vm2", uid, pid, caller.spiffeId()),
        vm1().awaitRequest(caller, apiService));
  }

  private static void assertHasLine(String text, String... parts) {
    assertTrue(
        text.lines().anyMatch(line -> Stream.of(parts).allMatch(line::contains)),
        () -> "no line with all of %s in:\n%s".formatted(List.of(parts), text));
  }

  @Test
  void svidsRotateAndEveryRequestIsAnswered() {
    SortedMap<String, Run> before = vm1().dataPlane();
    double rotated = refreshes(web) + 2;
    Await.until(
        "two rotations, with requests all the time",
        SVID_TTL.multipliedBy(3),
        () -> {
          assertEquals(web.spiffeId(), vm1().request(web, apiService).clientId());
          return refreshes(web) >= rotated;
        });
    assertEquals(before, vm1().dataPlane());
    assertEquals("", vm1().status().lastFailure());
  }

  private double refreshes(Workload workload) {
    return sum(vm1().proxyMetrics(workload), "control_identity_cert_refreshes_total", "\"ok\"");
  }

  private static double sum(String metrics, String name, String label) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + "{") && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Test
  void aProxyThatFoundNoSocketAtItsStartIsReplacedUntilItFindsOne() {
    SortedMap<String, Run> before = vm1().dataPlane();
    String rules = vm1().rules();
    vm1().host().exec("mv", SOCKET, SOCKET + ".away").ok();
    try {
      vm1().kill9(web.proxyUnit());
      Await.until(
          "the agent to stop the zombie",
          MeshHost.TIME_TO_JOIN,
          () ->
              vm1().host().journal(MeshHost.AGENT_UNIT).lines().anyMatch(RealMeshIT::stopsAZombie));
      assertEquals(NOT_JOINED, vm1().meshx("status").exit());
    } finally {
      vm1().host().exec("mv", SOCKET + ".away", SOCKET).ok();
    }
    vm1().awaitJoined();
    assertAnsweredByApi(web);
    SortedMap<String, Run> after = vm1().dataPlane();
    assertNotEquals(before.remove(web.proxyUnit()), after.remove(web.proxyUnit()));
    assertEquals(before, after);
    assertEquals(rules, vm1().rules());
  }

  private static boolean stopsAZombie(String line) {
    return line.contains("stop unit meshx-proxy-web.service (it never becomes ready: ")
        && line.contains("No such file or directory");
  }

  @Test
  void withoutThePolicyControllerNobodyJoinsThoughTheProxySaysThatItIsReady() {
    Workload late = Workload.numbered("late", 1);
    mesh.controlPlane().stopPolicy();
    try {
      add(late, late.toml().text());
      assertHeld(late, "policy service not reached: 0 endpoints ready");
      assertEquals("200", ready(late));
    } finally {
      mesh.controlPlane().startPolicy();
    }
    joinsAndLeaves(late);
  }

  /** As while the controller restarts and the proxy of its pod goes on. */
  @Test
  void withAPolicyServiceThatTakesConnectionsAndNeverAnswersNobodyJoins() {
    Workload unanswered = Workload.numbered("unanswered", 2);
    mesh.controlPlane().stopPolicyBehindItsTls();
    try {
      add(unanswered, unanswered.toml().text());
      Await.until(
          "its proxy to ask in vain",
          MeshHost.TIME_TO_JOIN,
          () ->
              vm1().run(unanswered.proxyUnit()).pid() != 0
                  && sum(adminAnswer(unanswered), "control_response_total", "\"failure\"") > 10);
      assertHeld(unanswered, "policy service");
      assertEquals("200", ready(unanswered));
    } finally {
      mesh.controlPlane().startPolicy();
    }
    joinsAndLeaves(unanswered);
  }

  @Test
  void aProxyThatIsClosedUntilThePolicyServiceAnswersIsWaitedFor() {
    Workload shut = Workload.numbered("shut", 3);
    mesh.controlPlane().stopPolicy();
    try {
      add(shut, shut.toml().withText("proxy.inbound_policy", "deny").text());
      assertHeld(shut, "the proxy's admin port 4491, which inbound policy closes (HTTP 404)");
      assertEquals("404", ready(shut));
    } finally {
      mesh.controlPlane().startPolicy();
    }
    joinsAndLeaves(shut);
  }

  @Test
  void anAdminPortWhoseServerHasNoRouteToTheMetricsIsAGate() {
    Workload hidden = Workload.numbered("hidden", 4);
    mesh.hideAdminPort(hidden);
    add(hidden, hidden.toml().withText("proxy.inbound_policy", "deny").text());
    assertHeld(hidden, "the proxy's admin port 4591, which inbound policy closes (HTTP 404)");
    mesh.showAdminPort(hidden);
    joinsAndLeaves(hidden);
  }

  @Test
  void aServedPolicyThatDeniesEverybodyLetsTheAgentSeeTheProxyAllTheSame() {
    Workload denied = Workload.numbered("denied", 5);
    add(
        denied,
        denied
            .toml()
            .with("annotations", "{ \"config.linkerd.io/default-inbound-policy\" = \"deny\" }")
            .text());
    awaitRuns(denied);
    String service = mesh.service("10.96.20.5", denied);
    Await.result(
        "a refusal of a caller from another host",
        MeshHost.TIME_TO_JOIN,
        () -> vm2().fetch(api, service),
        refused -> refused.stdout().contains("\"status\":403"));
    // With a Server of its own for the admin port, as the package brings it, that stays so.
    mesh.controlPlane()
        .api()
        .apply(
            vm1()
                .host()
                .exec("cat", "/usr/share/doc/meshx-agent/kubernetes/admin-port.yaml")
                .ok()
                .stdout()
                .replace("4191", Integer.toString(denied.admin())));
    vm1().host().exec("systemctl", "restart", denied.proxyUnit()).ok();
    vm1().awaitJoined();
    joinsAndLeaves(denied);
  }

  @Test
  void twoWorkloadsOfAHostAreToldApartAndPeersReachTheSecondAtItsOwnPort() {
    Workload second = Workload.numbered("second", 1);
    add(second, second.tomlWithoutProxyPorts().text());
    awaitRuns(second);
    String service = mesh.service("10.96.20.6", second);

    assertAnsweredByApi(web);
    assertAnsweredByApi(second);
    assertEquals(api.spiffeId(), vm2().awaitRequest(api, service).clientId());
    assertHasLine(
        vm1().proxyMetrics(second),
        "request_total{direction=\"inbound\"",
        "tls=\"true\"",
        "client_id=\"" + api.spiffeId() + "\"");
    for (Workload caller : List.of(web, second)) {
      assertHasLine(
          vm2().proxyMetrics(api),
          "request_total{direction=\"inbound\"",
          "client_id=\"" + caller.spiffeId() + "\"");
    }
    assertTrue(
        vm2().host().exec("ss", "-Htn", "state", "established").ok().stdout().contains(":4243"),
        "a connection to the second's own port");
    // Past the wire, and so past its proxy: an endpoint at an address of its host is itself.
    assertEquals("", vm1().awaitRequest(web, service).clientId());
    joinsAndLeaves(second);
  }

  /** A third host serves the same Service as vm2; the balancer of the caller has both. */
  @Test
  void ofTwoHostsThatServeOneIsDrainedTakenOutAndTakenBackWithoutAFailedRequest() {
    MeshHost vm3 = mesh.hosts(MeshHost.spec("vm3", Debian.TRIXIE)).getFirst();
    mesh.set(vm3, MeshHost.Mode.AGENT, api);
    vm3.join();
    awaitBoth("api-vm3");
    Load load = vm1().load(web, apiService, 50);

    vm3.meshx("drain").ok();
    vm3.host().exec("systemctl", "restart", api.unit()).ok();
    vm3.meshx("undrain").ok();
    vm3.awaitJoined();
    changeRoots(vm3);
    vm3.drop(api);
    Await.until(
        "it to be gone",
        MeshHost.TIME_TO_JOIN,
        () -> vm3.status().steps().stream().noneMatch(step -> step.scope().equals("api")));
    vm3.add(api);
    vm3.awaitJoined();
    vm3.host().reboot();
    vm3.awaitJoined();
    vm3.meshx("down").ok();

    Load.Summary summary = load.end();
    assertEquals(0, summary.failed(), summary.toString());
    assertTrue(summary.sent() > 500, summary.toString());
  }

  /** With another root beside its own a proxy is started again, after peers have heard of it. */
  private void changeRoots(MeshHost host) {
    host.host()
        .write(
            "/etc/meshx-agent/conf.d/restarts.toml", "[kubernetes]\nbefore_restart = \"drain\"\n");
    MeshHost.Run before = host.run(api.proxyUnit());
    String anchors = "/etc/meshx-agent/trust-anchors.pem";
    host.host()
        .write(
            anchors,
            host.host().exec("cat", anchors).ok().stdout()
                + Pki.create("root.linkerd.cluster.local").anchor().certificatePem());
    Await.until(
        "the proxy to be another",
        MeshHost.TIME_TO_JOIN,
        () -> {
          MeshHost.Run now = host.run(api.proxyUnit());
          return now.pid() > 0 && !now.equals(before);
        });
    host.awaitJoined();
  }

  /** Nobody says that a host without power is gone but a reaper, when its lease has run out. */
  @Test
  void aHostThatLosesItsPowerIsCalledUntilTheReaperHasSaidSo() {
    MeshHost vm4 = mesh.hosts(MeshHost.spec("vm4", Debian.BOOKWORM)).getFirst();
    mesh.set(vm4, MeshHost.Mode.AGENT, api);
    vm4.host().write("/etc/meshx-agent/conf.d/lease.toml", "[kubernetes]\nlease = \"10s\"\n");
    vm4.join();
    KubeApi kubernetes = mesh.controlPlane().api();
    vm1().grantReaper(kubernetes);
    vm1().host().exec("systemctl", "start", "meshx-reaper.service").ok();
    awaitBoth("api-vm4");

    Load until = vm1().load(web, apiService, 50);
    // Without its link first the kernel would tell peers that the connections are gone.
    vm4.host().exec("ip", "link", "set", "eth0", "down").ok();
    vm4.host().kill();
    try (Step step = Step.of("a host without power, lease 10 s, reaper there: until it says so")) {
      kubernetes.awaitReady(Workload.NAMESPACE, "api-vm4", "False HostLost");
      step.done();
    }
    Load.Summary before = until.end();
    Step.note("  of " + before.sent() + " requests meanwhile " + before.failed() + " failed");
    awaitHeard();
    Load after = vm1().load(web, apiService, 50);
    vm4.host().boot();
    vm4.awaitJoined();
    kubernetes.awaitReady(Workload.NAMESPACE, "api-vm4", "True Joined");
    awaitBoth("api-vm4");
    vm4.meshx("down").ok();
    Load.Summary then = after.end();
    vm1().host().exec("systemctl", "stop", "meshx-reaper.service").ok();

    assertEquals(0, then.failed(), then.toString());
    assertTrue(then.sent() > 200, then.toString());
  }

  /** What was begun before peers were told may fail still; who calls now is answered. */
  private void awaitHeard() {
    for (int calls = 0; calls < 20; calls++) {
      vm1().awaitRequest(web, apiService);
    }
  }

  private void awaitBoth(String other) {
    Await.until(
        "both to be chosen",
        MeshHost.TIME_TO_JOIN,
        () -> {
          vm1().awaitRequest(web, apiService);
          return chosen("api-vm2") && chosen(other);
        });
  }

  /** Whether web's proxy has sent requests to a workload by the name of its resource. */
  private boolean chosen(String resource) {
    return vm1()
        .proxyMetrics(web)
        .lines()
        .anyMatch(line ->
            line.startsWith("request_total{direction=\"outbound\"")
                && line.contains("dst_external_workload=\"" + resource + "\""));
  }

  private void add(Workload workload, String file) {
    vm1().prepare(workload);
    vm1().registerWorkload(mesh.spireServer(), workload);
    vm1().grant(mesh.controlPlane().api(), Map.of(workload, file));
    vm1().host().write(workload.path(), file);
  }

  private void awaitRuns(Workload workload) {
    Await.until(
        workload.name() + " to run",
        MeshHost.TIME_TO_JOIN,
        () -> step(workload, "workload").filter(step -> step.state().equals("done")).isPresent());
  }

  private void joinsAndLeaves(Workload workload) {
    awaitRuns(workload);
    assertAnsweredByApi(workload);
    vm1().drop(workload);
    Await.until(
        workload.name() + " to be gone",
        MeshHost.TIME_TO_JOIN,
        () ->
            vm1().status().joined()
                && vm1().status().steps().stream()
                    .noneMatch(step -> step.scope().equals(workload.name())));
  }

  private void assertHeld(Workload workload, String by) {
    Await.until(
        workload.name() + " to be held by '" + by + "'",
        MeshHost.TIME_TO_JOIN,
        () ->
            step(workload, "proxy ready")
                .filter(step -> step.state().equals("waiting") && step.detail().contains(by))
                .isPresent());
    Result status = vm1().meshx("status");
    assertEquals(NOT_JOINED, status.exit(), status::stdout);
    assertEquals("held", step(workload, "workload").map(Status.Step::state).orElse(""));
    assertEquals(new Run(0, ""), vm1().run(workload.unit()));
    assertFalse(vm1().rules().contains("meshx/" + workload.name() + "/"), vm1()::rules);
  }

  private Optional<Status.Step> step(Workload workload, String name) {
    return vm1().status().step(workload.name(), name);
  }

  private String ready(Workload workload) {
    return vm1()
        .host()
        .exec("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", admin(workload, "ready"))
        .out();
  }

  private String adminAnswer(Workload workload) {
    return vm1().host().exec("curl", "-s", admin(workload, "metrics")).stdout();
  }

  private static String admin(Workload workload, String path) {
    return "http://127.0.0.1:%d/%s".formatted(workload.admin(), path);
  }
}
