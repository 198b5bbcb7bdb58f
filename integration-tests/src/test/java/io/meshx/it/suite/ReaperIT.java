// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Cluster;
import io.meshx.it.cluster.KubeApi;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hosts that renew leases, die and come back, and the reapers that tell peers of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ReaperIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String TRUE = "True Joined";
  private static final String REAPER = "meshx-reaper.service";
  private static final String LEADER = "reaper.meshx.io";

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private KubeApi kubernetes;
  private List<MeshHost> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    kubernetes = KubeApi.startFor(mesh.lab().cluster(), mesh.pki(), Workload.NAMESPACE);
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    mesh.set(vm1(), MeshHost.Mode.AGENT, web);
    mesh.set(vm2(), MeshHost.Mode.AGENT, api);
    for (MeshHost host : hosts) {
      host.configure(
          MeshHost.toldTo(kubernetes, host.toml(MeshHost.Mode.AGENT))
              .withText("kubernetes.lease", "10s"));
      host.grant(kubernetes, Map.of());
    }
    hosts.forEach(host -> host.grantReaper(kubernetes));
    Mesh.onAll(hosts, MeshHost::join);
    hosts.forEach(MeshHost::awaitJoined);
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

  private String holder(String lease) {
    return kubernetes
        .kubectl(
            "get",
            "lease",
            lease,
            "--namespace=meshx-hosts",
            "--ignore-not-found",
            "--output=jsonpath={.spec.holderIdentity}")
        .ok()
        .stdout();
  }

  private void awaitHolder(String lease, String start) {
    Await.until(
        "lease " + lease + " to be held by '" + start + "'",
        SOON,
        () -> start.isEmpty() ? holder(lease).isEmpty() : holder(lease).startsWith(start));
  }

  private String ready(Workload workload, MeshHost host) {
    return kubernetes.ready(Workload.NAMESPACE, workload.name() + "-" + host.name());
  }

  private void awaitReady(Workload workload, MeshHost host, String wanted) {
    kubernetes.awaitReady(Workload.NAMESPACE, workload.name() + "-" + host.name(), wanted);
  }

  private String mayI(String who, String verb, String what, String namespace) {
    return kubernetes
        .kubectl(
            "auth",
            "can-i",
            verb,
            what,
            "--namespace=" + namespace,
            "--as=system:serviceaccount:" + who)
        .stdout()
        .strip();
  }

  @Test
  @Order(1)
  void aHostSaysThatItLives() {
    Status.Step step =
        vm2().status().steps().stream()
            .filter(each -> each.name().equals("lease"))
            .findFirst()
            .orElseThrow();
    assertEquals("done", step.state());
    assertEquals("meshx-hosts/vm2, renewed for 10 s each time", step.detail());
    assertEquals("vm2", holder("vm2"));

    kubernetes.kubectl("delete", "lease", "vm2", "--namespace=meshx-hosts").ok();
    awaitHolder("vm2", "vm2");
  }

  @Test
  @Order(2)
  void nobodyMayMoreThanItMust() {
    assertEquals("yes", mayI("meshx-hosts:vm2", "patch", "lease/vm2", "meshx-hosts"));
    assertEquals("no", mayI("meshx-hosts:vm2", "patch", "lease/vm1", "meshx-hosts"));
    assertEquals("no", mayI("meshx-hosts:vm2", "patch", "lease/" + LEADER, "meshx-hosts"));
    assertEquals("no", mayI("meshx-hosts:vm2", "list", "leases", "meshx-hosts"));
    String resources = "externalworkloads.workload.linkerd.io";
    assertEquals("no", mayI("meshx-reaper:reaper", "patch", resources, Workload.NAMESPACE));
    assertEquals("no", mayI("meshx-reaper:reaper", "delete", resources, Workload.NAMESPACE));
  }

  @Test
  @Order(3)
  void anAgentThatIsStoppedGivesItsLeaseBack() {
    vm2().host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
    assertEquals("", holder("vm2"));
    assertEquals(TRUE, ready(api, vm2()));

    vm2().host().exec("systemctl", "start", MeshHost.AGENT_UNIT).ok();
    awaitHolder("vm2", "vm2");
  }

  @Test
  @Order(4)
  void aHostThatLosesItsPowerIsTakenOutEvenIfItsReaperActedForAll() {
    vm2().host().exec("systemctl", "enable", "--now", REAPER).ok();
    awaitHolder(LEADER, "vm2-");
    vm1().host().exec("systemctl", "enable", "--now", REAPER).ok();
    awaitJournal(vm1(), "another reaper acts for all now: vm2-");

    vm2().host().kill();
    try (Step step = Step.of("a host without power: until peers are told, lease 10 s")) {
      awaitReady(api, vm2(), "False HostLost");
      step.done();
    }
    awaitHolder(LEADER, "vm1-");
    assertEquals("", holder("vm2"));
    assertEquals(TRUE, ready(web, vm1()));
    awaitJournal(vm1(), "host vm2 has not renewed its lease for 10 s");
    awaitJournal(vm1(), "peers choose ExternalWorkload mixed-env/api-vm2 no more");
  }

  private static void awaitJournal(MeshHost host, String line) {
    Await.until(
        "the reaper of " + host.name() + " to say '" + line + "'",
        SOON,
        () ->
            host.host()
                .exec("journalctl", "--unit=" + REAPER, "--no-pager", "--output=cat")
                .stdout()
                .contains(line));
  }

  @Test
  @Order(5)
  void whenItComesBackPeersAreToldAgain() {
    vm2().host().boot();
    vm2().awaitJoined();
    awaitReady(api, vm2(), TRUE);
    awaitHolder("vm2", "vm2");
    awaitJournal(vm1(), "host vm2 renews its lease again");
  }

  @Test
  @Order(6)
  void anApiServerThatIsAwayIsNoReason() {
    kubernetes.stop();
    awaitJournal(vm1(), "the hosts are not heard");
    kubernetes.startAgain();
    awaitHolder("vm2", "vm2");
    vm2().awaitJoined();
    assertEquals(TRUE, ready(api, vm2()));
    assertEquals(TRUE, ready(web, vm1()));
  }

  @Test
  @Order(7)
  void aReaperThatIsStoppedLeavesItToTheOther() {
    String leader = holder(LEADER);
    MeshHost first = leader.startsWith("vm1-") ? vm1() : vm2();
    MeshHost second = leader.startsWith("vm1-") ? vm2() : vm1();
    first.host().exec("systemctl", "stop", REAPER).ok();
    awaitHolder(LEADER, second.name() + "-");
    second.host().exec("systemctl", "stop", REAPER).ok();
    assertEquals("", holder(LEADER));
  }

  /** As a pod finds its cluster: by two variables, and files of its service account. */
  @Test
  @Order(8)
  void inAClusterItNeedsNoOptions() {
    String account = "/var/run/secrets/kubernetes.io/serviceaccount";
    vm1()
        .host()
        .sh(
            ("mkdir -p %1$s && cp /etc/meshx-agent/trust-anchors.pem %1$s/ca.crt"
                    + " && mv /etc/meshx-agent/reaper-token %1$s/token")
                .formatted(account))
        .ok();
    vm1()
        .host()
        .exec(
            "systemd-run",
            "--unit=pod.service",
            "--setenv=KUBERNETES_SERVICE_HOST=" + Cluster.GATEWAY.ipv4(),
            "--setenv=KUBERNETES_SERVICE_PORT=" + KubeApi.PORT,
            "/usr/bin/meshx",
            "reaper")
        .ok();
    awaitHolder(LEADER, "vm1-");
    vm1().host().exec("systemctl", "stop", "pod.service").ok();
    assertEquals("", holder(LEADER));
    vm1().host().exec("rm", "-r", account).ok();
  }

  @Test
  @Order(9)
  void whatIsMissingIsSaid() {
    Result refused = vm1().meshx("reaper");
    assertEquals(78, refused.exit(), refused.toString());
    assertTrue(refused.toString().contains("'/etc/meshx-agent/reaper-token'"), refused.toString());
    assertEquals(2, vm1().meshx("reaper", "--at-most", "0").exit());
    assertEquals(2, vm1().meshx("reaper", "--server", "http://192.0.2.1").exit());
  }

  @Test
  @Order(10)
  void whoLeavesSaysWhatIsLeftInTheCluster() {
    Result left = vm2().meshx("leave").ok();
    assertTrue(
        left.stdout().contains("kubectl -n meshx-hosts delete serviceaccount,configmap,lease vm2"),
        left.toString());
    assertEquals("", holder("vm2"));
  }
}
