// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.KubeApi;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Toml;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a real Kubernetes API is told of the workloads of two hosts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class RegistryIT {
  private static final Duration SOON = Duration.ofSeconds(40);
  private static final String CONFIG = MeshHost.CONFIG;
  private static final String TRUE = "True Joined";

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private KubeApi kubernetes;
  private final AtomicInteger watches = new AtomicInteger();
  private List<MeshHost> hosts = List.of();
  private String apiService = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    kubernetes = KubeApi.startFor(mesh.lab().cluster(), mesh.pki(), Workload.NAMESPACE);
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    mesh.set(vm1(), MeshHost.Mode.AGENT, web);
    mesh.set(vm2(), MeshHost.Mode.AGENT, api);
    for (MeshHost host : hosts) {
      host.configure(toml(host));
      host.grant(kubernetes, Map.of());
    }
    apiService = mesh.service("10.96.60.2", vm2(), api);
    Mesh.onAll(hosts, MeshHost::join);
    vm1().awaitRequest(web, apiService);
  }

  @AfterAll
  void close() {
    kubernetes.close();
    mesh.close();
  }

  private MeshHost vm1() {
    return hosts.getFirst();
  }

  private MeshHost vm2() {
    return hosts.getLast();
  }

  private Toml toml(MeshHost host) {
    return MeshHost.toldTo(kubernetes, host.toml(MeshHost.Mode.AGENT));
  }

  private static String resource(Workload workload, MeshHost host) {
    return workload.name() + "-" + host.name();
  }

  private String field(Workload workload, MeshHost host, String path) {
    return kubernetes
        .kubectl(
            "get",
            "externalworkload",
            resource(workload, host),
            "--namespace=" + Workload.NAMESPACE,
            "--output=jsonpath=" + path)
        .stdout();
  }

  private String ready(Workload workload, MeshHost host) {
    return kubernetes.ready(Workload.NAMESPACE, resource(workload, host));
  }

  private void awaitReady(Workload workload, MeshHost host, String wanted) {
    kubernetes.awaitReady(Workload.NAMESPACE, resource(workload, host), wanted);
  }

  private void patch(Workload workload, MeshHost host, String merge) {
    kubernetes
        .kubectl(
            "patch",
            "externalworkload",
            resource(workload, host),
            "--namespace=" + Workload.NAMESPACE,
            "--type=merge",
            "--patch=" + merge)
        .ok();
  }

  @Test
  @Order(1)
  void aJoinMakesTheResourcesAndReadiesThem() {
    awaitReady(web, vm1(), TRUE);
    awaitReady(api, vm2(), TRUE);
    assertEquals(api.spiffeId(), field(api, vm2(), "{.spec.meshTLS.identity}"));
    assertEquals(
        vm2().host().ipv4() + " " + vm2().host().ipv6(),
        field(api, vm2(), "{.spec.workloadIPs[*].ip}"));
    assertEquals("4143 8000", field(api, vm2(), "{.spec.ports[*].port}"));
    assertEquals("vm2", field(api, vm2(), "{.metadata.labels.meshx\\.io/host}"));
    assertTrue(
        step(vm2(), "host", "Kubernetes API").detail().contains("the credentials expire 20"),
        "the token says when it ends");
    String metrics = vm2().metrics();
    assertTrue(
        metrics.contains("meshx_external_workload_ready{resource=\"mixed-env/api-vm2\"} 1.0"),
        metrics);
    assertTrue(metrics.contains("meshx_kubernetes_api_up 1.0"), metrics);
    assertTrue(
        vm2()
            .host()
            .exec("cat", "/run/meshx-agent/proxy/api.env")
            .ok()
            .stdout()
            .contains("\"external_workload\":\"api-vm2\""));
  }

  @Test
  @Order(2)
  void aProxyThatHangsIsSaidAndSaidToBeBack() {
    int pid = vm2().run(api.proxyUnit()).pid();
    vm2().host().exec("kill", "-STOP", Integer.toString(pid)).ok();
    try {
      awaitReady(api, vm2(), "False ProxyReady");
      assertTrue(
          field(api, vm2(), "{.status.conditions[*].message}").contains("proxy ready waits for"),
          "the message says what is missing");
    } finally {
      vm2().host().exec("kill", "-CONT", Integer.toString(pid)).ok();
    }
    awaitReady(api, vm2(), TRUE);
  }

  @Test
  @Order(3)
  void whatOthersChangeOrDeleteIsPutBack() {
    patch(api, vm2(), "{\"spec\":{\"meshTLS\":{\"identity\":\"spiffe://somebody.else/x\"}}}");
    Await.until(
        "the identity to be put back",
        SOON,
        () -> field(api, vm2(), "{.spec.meshTLS.identity}").equals(api.spiffeId()));
    kubernetes
        .kubectl(
            "delete", "externalworkload", resource(api, vm2()), "--namespace=" + Workload.NAMESPACE)
        .ok();
    awaitReady(api, vm2(), TRUE);
    vm2().awaitJoined();
  }

  @Test
  @Order(4)
  void aHostCannotWriteWhatIsNotItsOwn() {
    vm1().host().write("/root/token", read(vm1(), "/etc/meshx-agent/kubernetes-token"));
    String[] refused = {
      // Another host's, by its name and by its label.
      patchAs(resource(api, vm2()), "{\"metadata\":{\"labels\":{\"app\":\"web\"}}}"),
      patchAs(resource(web, vm1()), "{\"metadata\":{\"labels\":{\"meshx.io/host\":\"vm2\"}}}"),
      patchAs(resource(web, vm1()), "{\"metadata\":{\"labels\":{\"app\":\"api\"}}}"),
      patchAs(resource(web, vm1()), "{\"spec\":{\"workloadIPs\":[{\"ip\":\"10.9.9.9\"}]}}"),
      patchAs(
          resource(web, vm1()),
          "{\"spec\":{\"meshTLS\":{\"identity\":\"" + api.spiffeId() + "\"}}}"),
    };
    for (String answer : refused) {
      assertTrue(answer.contains("\"code\":403") || answer.contains("\"code\":422"), answer);
      assertTrue(answer.contains("deniedrequest"), answer);
    }
    assertEquals(TRUE, ready(web, vm1()));
  }

  private static String read(MeshHost host, String path) {
    return host.host().exec("cat", path).ok().stdout();
  }

  /** What the API server says to vm1's token. */
  private String patchAs(String resource, String merge) {
    return vm1()
        .host()
        .sh(
            ("curl -sS --max-time 10 --cacert /etc/meshx-agent/trust-anchors.pem"
                    + " -H \"Authorization: Bearer $(cat /root/token)\""
                    + " -H 'Content-Type: application/merge-patch+json' -X PATCH -d '%s'"
                    + " %s/apis/workload.linkerd.io/v1beta1/namespaces/%s/externalworkloads/%s")
                .formatted(merge, kubernetes.address(), Workload.NAMESPACE, resource))
        .ok()
        .stdout()
        .replace(" ", "");
  }

  @Test
  @Order(5)
  void anApiServerThatIsAwayIsNoticedByNobodyButTheStatus() {
    SortedMap<String, MeshHost.Run> before = vm2().dataPlane();
    Load load = vm1().load(web, apiService, 50);
    kubernetes.stop();
    Await.until(
        "the status to say so",
        SOON,
        () -> step(vm2(), "host", "Kubernetes API").state().equals("waiting"));
    Result drain = vm2().meshx("drain");
    assertEquals(1, drain.exit(), drain.toString());
    assertTrue(drain.stdout().contains("not drained: peers cannot be told"), drain.toString());
    vm2().meshx("undrain");
    vm2().host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    Await.until(
        "the proxy to be adopted",
        SOON,
        () -> step(vm2(), "api", "workload").state().equals("done"));
    kubernetes.startAgain();
    vm2().awaitJoined();
    awaitReady(api, vm2(), TRUE);
    Load.Summary summary = load.end();
    assertTrue(summary.sent() > 100, summary.toString());
    assertEquals(0, summary.failed(), summary.toString());
    assertEquals(before, vm2().dataPlane());
  }

  private static Status.Step step(MeshHost host, String scope, String name) {
    return host.status().steps().stream()
        .filter(step -> step.scope().equals(scope) && step.name().equals(name))
        .findFirst()
        .orElse(new Status.Step(scope, name, "missing", ""));
  }

  @Test
  @Order(6)
  void aTokenThatIsNoneIsSaidAndTheNextOneIsTaken() {
    String path = "/etc/meshx-agent/kubernetes-token";
    String token = read(vm2(), path);
    vm2().host().write(path, "of-yesterday\n", "root:root", "0600");
    patch(api, vm2(), "{\"spec\":{\"meshTLS\":{\"serverName\":\"elsewhere\"}}}");
    Await.until(
        "the status to say so",
        SOON,
        () -> step(vm2(), "host", "Kubernetes API").detail().contains("HTTP 401"));
    assertFalse(vm2().meshx("status").stdout().contains("of-yesterday"), "the token is secret");

    vm2().host().write(path, token, "root:root", "0600");
    vm2().awaitJoined();
    assertEquals(api.serverName(), field(api, vm2(), "{.spec.meshTLS.serverName}"));
  }

  @Test
  @Order(7)
  void aHostIsDrainedAndTakenBack() {
    SortedMap<String, MeshHost.Run> before = vm2().dataPlane();
    Result drained = vm2().meshx("drain").ok();
    assertTrue(drained.stdout().contains("drained"), drained.toString());
    assertEquals("False Draining", ready(api, vm2()));
    assertTrue(vm2().meshx("status").stdout().contains("'meshx undrain'"));

    vm2().meshx("undrain").ok();
    awaitReady(api, vm2(), TRUE);
    assertEquals(before, vm2().dataPlane());
  }

  @Test
  @Order(8)
  void aHostThatRebootsTellsPeersBeforeItsWorkloadStops() {
    Daemon watch = watch(api, vm2());
    vm2().host().reboot();
    vm2().awaitJoined();
    awaitReady(api, vm2(), TRUE);
    String seen = watch.log();
    watch.stop();
    assertTrue(seen.contains("False Draining"), seen);
    List<String> journal =
        vm2().host().exec("journalctl", "--boot=-1", "--no-pager").ok().stdout().lines().toList();
    int drained = last(journal, "drained: peers choose no workload of this host");
    assertTrue(drained >= 0, "the journal of the boot before: " + journal);
    for (String unit : List.of(api.unit(), api.proxyUnit(), MeshHost.SPIRE_AGENT_UNIT)) {
      int stopping = last(journal, "Stopping " + unit);
      assertTrue(stopping > drained, unit + " was stopped before peers had heard: " + journal);
    }
  }

  private static int last(List<String> lines, String part) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (lines.get(i).contains(part)) {
        return i;
      }
    }
    return -1;
  }

  private Daemon watch(Workload workload, MeshHost host) {
    Daemon watch =
        mesh.lab()
            .cluster()
            .start(
                "watch-" + watches.incrementAndGet(),
                List.of(
                    Cache.kube().resolve("kubectl").toString(),
                    "--kubeconfig=" + kubernetes.kubeconfig(),
                    "get",
                    "externalworkload",
                    resource(workload, host),
                    "--namespace=" + Workload.NAMESPACE,
                    "--watch",
                    "--output=jsonpath={.status.conditions[*].status}"
                        + " {.status.conditions[*].reason}{\"\\n\"}"),
                Map.of());
    Await.until("the watch", SOON, () -> watch.log().contains(TRUE));
    return watch;
  }

  @Test
  @Order(9)
  void aStopOfTheAgentTellsNobodyAnything() {
    Daemon watch = watch(api, vm2());
    vm2().host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    vm2().awaitJoined();
    String seen = watch.log();
    watch.stop();
    assertFalse(seen.contains("False"), seen);
  }

  @Test
  @Order(10)
  void aWorkloadThatLeavesIsTakenOutFirst() {
    Daemon watch = watch(web, vm1());
    vm1().drop(web);
    Await.until(
        "the workload to be gone",
        SOON,
        () -> vm1().status().steps().stream().noneMatch(step -> step.scope().equals("web")));
    assertEquals("False Leaving", ready(web, vm1()));
    assertEquals("", field(web, vm1(), "{.spec.workloadIPs[*].ip}"), "others may have its address");
    String seen = watch.log();
    watch.stop();
    assertEquals(List.of(TRUE, "False Leaving"), seen.lines().distinct().toList());

    vm1().add(web);
    vm1().awaitJoined();
    awaitReady(web, vm1(), TRUE);
  }

  @Test
  @Order(11)
  void aHostThatGoesDownForGoodIsTakenOutFirst() {
    vm1().host().write(CONFIG, toml(vm1()).withText("kubernetes.on_leave", "delete").text());
    vm1().awaitJoined();
    Daemon watch = watch(web, vm1());
    Result down = vm1().meshx("down").ok();
    watch.stop();
    assertTrue(
        down.stdout()
            .startsWith(
                "say in ExternalWorkload mixed-env/web-vm1: not ready: the workload leaves"),
        down.stdout());
    assertTrue(down.stdout().contains("delete ExternalWorkload mixed-env/web-vm1"), down.stdout());
    assertEquals("", field(web, vm1(), "{.metadata.name}"));
  }

  @Test
  @Order(12)
  void withTheClustersPartAllHostsLoseTheirRights() {
    String part =
        vm2()
            .host()
            .exec("cat", "/usr/share/doc/meshx-agent/kubernetes/cluster.yaml")
            .ok()
            .stdout();
    kubernetes.delete(part);
    Await.until(
        "the rights to be gone",
        SOON,
        () -> patchAs(resource(api, vm2()), "{}").contains("cannotpatchresource"));
  }
}
