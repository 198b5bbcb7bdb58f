// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Cluster;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Answer;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a join in any mode with a SPIRE agent of ours ends with. */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class JoinCases {
  /** Short, so that the tests see every SVID rotate. */
  private static final Duration SVID_TTL = Duration.ofSeconds(20);

  private final MeshHost.Mode mode;
  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();
  private String apiService = "";
  private String webService = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  JoinCases(MeshHost.Mode mode) {
    this.mode = mode;
  }

  @BeforeAll
  void join() {
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    if (mode == MeshHost.Mode.AGENT) {
      mesh.spireServer(SpireServer.Settings.DEFAULT.withSvidTtl(SVID_TTL));
    }
    set(vm1(), web);
    set(vm2(), api);
    apiService = mesh.service("10.96.20.2", vm2(), api);
    webService = mesh.service("10.96.20.1", vm1(), web);
    Mesh.onAll(hosts, MeshHost::join);
    vm1().awaitRequest(web, apiService);
  }

  private void set(MeshHost host, Workload workload) {
    mesh.set(host, mode, workload);
    if (mode == MeshHost.Mode.DEMO) {
      host.configure(host.toml(mode).withText("spire.svid_ttl", SVID_TTL.toSeconds() + "s"));
    }
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
  void aRequestByServiceNameArrivesWithTheCallersIdentity() {
    assertAnsweredByApi(vm1().request(web, apiService));
  }

  @Test
  void aRequestByIpv4AddressArrivesWithTheCallersIdentity() {
    assertAnsweredByApi(vm1().request(web, "http://%s:8000/".formatted(vm2().host().ipv4())));
  }

  @Test
  void aRequestByIpv6AddressArrivesWithTheCallersIdentity() {
    assertAnsweredByApi(vm1().request(web, "http://[%s]:8000/".formatted(vm2().host().ipv6())));
  }

  private void assertAnsweredByApi(Answer answer) {
    int uid = Integer.parseInt(vm2().host().exec("id", "-u", "api").ok().out());
    int pid = vm2().run(api.unit()).pid();
    assertEquals(new Answer("api", Workload.NAMESPACE, "vm2", uid, pid, web.spiffeId()), answer);
  }

  @Test
  void bothProxiesCountMutualTlsWithTheOther() {
    vm1().request(web, apiService);
    assertHasLine(
        vm1().proxyMetrics(web), "direction=\"outbound\"", "server_id=\"" + api.spiffeId() + "\"");
    assertHasLine(
        vm2().proxyMetrics(api),
        "direction=\"inbound\"",
        "tls=\"true\"",
        "client_id=\"" + web.spiffeId() + "\"");
  }

  private static void assertHasLine(String text, String... parts) {
    assertTrue(
        text.lines().anyMatch(line -> Stream.of(parts).allMatch(line::contains)),
        () -> "no line with all of %s in:\n%s".formatted(List.of(parts), text));
  }

  @Test
  void aCallerOutsideOfTheMeshArrivesWithoutAnIdentity() {
    String answer =
        vm1()
            .host()
            .exec("curl", "-sS", "http://%s:8000/".formatted(vm2().host().ipv4()))
            .ok()
            .out();
    assertTrue(answer.contains("\"client_id\":\"\""), answer);
  }

  @Test
  void theStatusSaysThatAllIsDoneAndUnderWhichIdentities() {
    Result text = vm1().meshx("status").ok();
    assertTrue(text.stdout().startsWith("vm1 has joined " + MeshHost.TRUST_DOMAIN), text::stdout);
    Status status = vm1().status();
    assertEquals(List.of(), status.configProblems());
    assertEquals("", status.lastFailure(), "last failure");
    assertTrue(status.steps().stream().allMatch(step -> step.state().equals("done")));
    TreeMap<String, String> ids = new TreeMap<>();
    status.svids().forEach((name, svid) -> ids.put(name, svid.id()));
    assertEquals(web.spiffeId(), ids.get("web"), ids::toString);
    assertEquals(
        "spiffe://%s/meshx-agent/vm1".formatted(MeshHost.TRUST_DOMAIN),
        ids.get("meshx-agent"),
        ids::toString);
  }

  @Test
  void theDangerousModeIsCalledDangerous() {
    boolean dangerous = mode == MeshHost.Mode.DEMO;
    assertEquals(dangerous, vm1().meshx("status").stdout().contains("WARNING"));
    assertEquals(dangerous, !vm1().status().warnings().isEmpty());
    assertEquals(
        dangerous,
        vm1().host().journal(MeshHost.AGENT_UNIT).contains("never do this in production"));
  }

  @Test
  void svidsRotateAndRequestsGoOn() {
    Await.until(
        "a rotation of the SVID of web",
        SVID_TTL.multipliedBy(2),
        () -> vm1().status().svid("web").rotations() > 0);
    assertAnsweredByApi(vm1().request(web, apiService));
    assertTrue(vm1().status().joined());
  }

  @Test
  void theSpireAgentAndTheProxyAreNobodySpecial() {
    for (MeshHost host : hosts) {
      assertEquals("meshx-spire", userOf(host, MeshHost.SPIRE_AGENT_UNIT));
      Workload workload = host.equals(vm1()) ? web : api;
      assertEquals("meshx-proxy", userOf(host, workload.proxyUnit()));
      assertEquals(workload.user(), userOf(host, workload.unit()));
    }
  }

  @Test
  void theVersionSaysWhatRuns() {
    for (MeshHost host : hosts) {
      String said = host.meshx("version").ok().stdout();
      for (String part :
          List.of("meshx-agent 0.", "Java 25", "systemd 25", "nftables v", "spire-agent 1.")) {
        assertTrue(said.lines().anyMatch(line -> line.startsWith(part)), said);
      }
      Workload workload = host.equals(vm1()) ? web : api;
      assertTrue(
          said.contains("linkerd2-proxy v") && said.contains("(" + workload.name() + ")"), said);
    }
  }

  private static String userOf(MeshHost host, String unit) {
    int pid = host.run(unit).pid();
    return host.host().exec("ps", "-o", "user:32=", "-p", Integer.toString(pid)).ok().out();
  }

  @Test
  void ordinaryNamesAreAskedOfTheHostsServerAndClusterNamesOfTheClusters() {
    for (MeshHost host : hosts) {
      host.host().exec("resolvectl", "flush-caches").ok();
      String clusterName = "only-%s.default.svc.cluster.local".formatted(host.name());
      String worldName = "only-%s.example.org".formatted(host.name());
      mesh.lab().cluster().dns().record(clusterName, "10.96.30.1");
      mesh.lab().cluster().resolver().record(worldName, "192.0.2.81");

      assertEquals("10.96.30.1", resolved(host, clusterName));
      assertEquals("192.0.2.81", resolved(host, worldName));
      assertEquals(Cluster.WORLD_ADDRESS, resolved(host, Cluster.WORLD_NAME));
      assertTrue(asked(mesh.lab().cluster().dns().log(), clusterName));
      assertFalse(asked(mesh.lab().cluster().resolver().log(), clusterName));
      assertTrue(asked(mesh.lab().cluster().resolver().log(), worldName));
      assertFalse(asked(mesh.lab().cluster().dns().log(), worldName));
    }
  }

  private static String resolved(MeshHost host, String name) {
    return host.host().exec("getent", "ahostsv4", name).ok().lines().getFirst().split("\\s", 2)[0];
  }

  private static boolean asked(List<String> log, String name) {
    return log.stream().anyMatch(line -> line.contains("query[A") && line.contains(name));
  }

  @Test
  void aWorkloadFileDroppedInJoinsAndTakenAwayLeavesAndTheOthersNeverNotice() {
    Workload extra = Workload.numbered("extra", 1);
    SortedMap<String, Run> before = vm2().dataPlane();
    String rulesBefore = vm2().rules();
    vm2().prepare(extra);
    if (mode == MeshHost.Mode.AGENT) {
      vm2().registerWorkload(mesh.spireServer(), extra);
    }
    String service = mesh.service("10.96.20.3", vm2(), extra);

    vm2().add(extra);
    Await.until(
        "extra to run",
        MeshHost.TIME_TO_JOIN,
        () ->
            vm2()
                    .status()
                    .step("extra", "workload")
                    .filter(s -> s.state().equals("done"))
                    .isPresent()
                && vm2().status().joined());
    Answer answer = vm1().awaitRequest(web, service);
    assertEquals("extra", answer.workload());
    assertEquals(web.spiffeId(), answer.clientId());
    Answer fromExtra = vm2().awaitRequest(extra, webService);
    assertEquals("web", fromExtra.workload());
    assertEquals(extra.spiffeId(), fromExtra.clientId());
    assertAnsweredByApi(vm1().request(web, apiService));
    SortedMap<String, Run> during = vm2().dataPlane();
    assertTrue(during.keySet().containsAll(List.of(extra.unit(), extra.proxyUnit())));
    during.keySet().removeAll(List.of(extra.unit(), extra.proxyUnit()));
    assertEquals(before, during);

    vm2().drop(extra);
    Await.until(
        "extra to be gone",
        MeshHost.TIME_TO_JOIN,
        () ->
            vm2().status().joined()
                && vm2().status().steps().stream().noneMatch(s -> s.scope().equals("extra")));
    assertEquals(before, vm2().dataPlane());
    assertEquals(rulesBefore, vm2().rules());
    assertAnsweredByApi(vm1().request(web, apiService));
    assertFalse(vm2().host().exec("pgrep", "-u", "extra").succeeded());
  }
}
