// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.KubeApi;
import io.meshx.it.exec.Await;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workloads whose probes fail and pass again, on real hosts, and what the cluster is told. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class HealthIT {
  private static final Duration SOON = Duration.ofSeconds(40);
  private static final String OK_FILE = "/run/web-is-well";
  private static final String SIDE = "side.service";
  private static final String SIDE_FILE = "[Service]\nExecStart=/usr/bin/sleep infinity\n";
  private static final String PROBES =
      """
      [{ tcp = 8000, period = "1s", failures = 1 }, \
      { http = "http://127.0.0.1:8000/", period = "1s", failures = 1 }, \
      { exec = ["/usr/bin/test", "-O", "%1$s"], period = "1s", failures = 2 }, \
      { unit = "%2$s", period = "1s", failures = 1 }]\
      """
          .formatted(OK_FILE, SIDE);

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private KubeApi kubernetes;
  private List<MeshHost> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    kubernetes = KubeApi.startFor(mesh.lab().cluster(), mesh.pki(), Workload.NAMESPACE);
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    for (MeshHost host : hosts) {
      mesh.set(host, MeshHost.Mode.AGENT, web);
      host.host().write("/etc/systemd/system/" + SIDE, SIDE_FILE);
      host.host().exec("systemctl", "daemon-reload").ok();
      host.host().exec("systemctl", "start", SIDE).ok();
      host.host().write(web.path(), web.toml().with("probe", PROBES).text());
      well(host);
      host.configure(MeshHost.toldTo(kubernetes, host.toml(MeshHost.Mode.AGENT)));
      host.grant(kubernetes, Map.of());
    }
    Mesh.onAll(hosts, MeshHost::join);
    hosts.forEach(MeshHost::awaitJoined);
  }

  @AfterAll
  void close() {
    kubernetes.close();
    mesh.close();
  }

  /** The file is the workload's user's: a probe as anybody else finds that it is not its own. */
  private void well(MeshHost host) {
    host.host().write(OK_FILE, "", web.user() + ":root", "0600");
  }

  private static Status.Step health(MeshHost host) {
    return host.status().steps().stream()
        .filter(step -> step.name().equals("health"))
        .findFirst()
        .orElseThrow();
  }

  private void awaitReady(MeshHost host, String wanted) {
    kubernetes.awaitReady(Workload.NAMESPACE, "web-" + host.name(), wanted);
  }

  /** Has something fail, sees it told, and has it pass again; nothing is restarted by that. */
  private void falls(MeshHost host, String why, Runnable failing, Runnable passing) {
    SortedMap<String, MeshHost.Run> before = host.dataPlane();
    failing.run();
    awaitReady(host, "False Health");
    assertTrue(health(host).detail().contains(why), health(host).detail());
    passing.run();
    awaitReady(host, "True Joined");
    assertEquals(before, host.dataPlane());
  }

  @Test
  @Order(1)
  void whatPassesIsInTheStatusAndTheMetrics() {
    for (MeshHost host : hosts) {
      awaitReady(host, "True Joined");
      assertEquals(
          "tcp 127.0.0.1:8000, http://127.0.0.1:8000/, exec /usr/bin/test, unit " + SIDE,
          health(host).detail());
      assertTrue(
          host.metrics()
              .contains("meshx_probe_passing{probe=\"tcp 127.0.0.1:8000\",workload=\"web\"} 1.0"),
          host.metrics());
      assertTrue(
          host.meshx("status", "--json").ok().stdout().contains("\"unit side.service\""),
          "probes are in the JSON form");
    }
  }

  @Test
  @Order(2)
  void aProgramRunsAsTheWorkloadsUserAndItsWordsAreTold() {
    for (MeshHost host : hosts) {
      falls(
          host,
          "exec /usr/bin/test: exit status 1",
          () -> host.host().write(OK_FILE, "", "root:root", "0644"),
          () -> well(host));
      assertTrue(health(host).detail().contains("failed once"), health(host).detail());
    }
  }

  @Test
  @Order(3)
  void aUnitThatStopsIsTold() {
    for (MeshHost host : hosts) {
      falls(
          host,
          "unit " + SIDE + ": inactive",
          () -> host.host().exec("systemctl", "stop", SIDE).ok(),
          () -> host.host().exec("systemctl", "start", SIDE).ok());
    }
  }

  @Test
  @Order(4)
  void aWorkloadThatHangsIsTold() {
    for (MeshHost host : hosts) {
      int pid = host.run(web.unit()).pid();
      falls(
          host,
          "http://127.0.0.1:8000/: request timed out",
          () -> host.host().exec("kill", "-STOP", Integer.toString(pid)).ok(),
          () -> host.host().exec("kill", "-CONT", Integer.toString(pid)).ok());
    }
  }

  @Test
  @Order(5)
  void anAgentThatStartsAgainTellsNobodyAnything() {
    MeshHost host = hosts.getLast();
    String before = transition(host);
    host.host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    host.awaitJoined();
    assertEquals(before, transition(host));
  }

  private String transition(MeshHost host) {
    return kubernetes
        .kubectl(
            "get",
            "externalworkload",
            "web-" + host.name(),
            "--namespace=" + Workload.NAMESPACE,
            "--output=jsonpath={.status.conditions[*].lastTransitionTime}"
                + " {.status.conditions[*].lastProbeTime}")
        .ok()
        .stdout();
  }

  @Test
  @Order(6)
  void aProgramThatIsNotThereOrDoesNotEndIsSaidToBeSo() {
    MeshHost host = hosts.getLast();
    host.host()
        .write(
            web.path(),
            web.toml()
                .with(
                    "probe",
                    "[{ exec = [\"/nowhere/check\"], period = \"1s\", failures = 1 },"
                        + " { exec = [\"/usr/bin/sleep\", \"20\"], period = \"1s\", failures = 1 }]")
                .text());
    Await.until(
        "both to fail",
        SOON,
        () ->
            health(host).detail().contains("exec /nowhere/check: ")
                && health(host).detail().contains("exec /usr/bin/sleep: "));
    String detail = health(host).detail();
    assertTrue(detail.contains("No such file or directory"), detail);
    assertTrue(detail.contains("exec /usr/bin/sleep: did not end within 1000 ms"), detail);
  }

  @Test
  @Order(7)
  void withoutProbesPeersChooseWhatRuns() {
    MeshHost host = hosts.getFirst();
    SortedMap<String, MeshHost.Run> before = host.dataPlane();
    host.host().write(OK_FILE, "", "root:root", "0644");
    awaitReady(host, "False Health");
    host.add(web);
    awaitReady(host, "True Joined");
    assertFalse(host.meshx("status").stdout().contains("health"), "no step without probes");
    assertEquals(before, host.dataPlane(), "another probe restarts nothing");
  }
}
