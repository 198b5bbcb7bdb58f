// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A closed workload has no way on or off its host but its proxy, also without any redirect rule and
 * without the agent; an open one has, and the status says so.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ClosedIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int OUTSIDER = 9000;

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    mesh.set(vm("vm1"), MeshHost.Mode.AGENT, web);
    mesh.set(vm("vm2"), MeshHost.Mode.AGENT, api);
    Mesh.onAll(hosts, MeshHost::join);
    for (MeshHost host : hosts) {
      // Somebody in no mesh, whom everybody may call.
      host.host()
          .exec(
              "systemd-run",
              "--quiet",
              "--unit=outsider",
              "--setenv=WORKLOAD_NAME=outsider",
              "/workload/start",
              "-listen",
              ":" + OUTSIDER)
          .ok();
    }
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost vm(String name) {
    return hosts.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  private MeshHost other(MeshHost host) {
    return host.equals(hosts.getFirst()) ? hosts.getLast() : hosts.getFirst();
  }

  private Workload workload(MeshHost host) {
    return host.name().equals("vm1") ? web : api;
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm1", "vm2"})
  void withoutRulesAndAgentNothingOfAClosedWorkloadGetsInOrOut(String name) {
    MeshHost host = vm(name);
    Workload closed = workload(host);
    String outside = "http://%s:%d/".formatted(other(host).host().ipv4(), OUTSIDER);
    String inside = "http://%s:%d/".formatted(host.host().ipv4(), closed.port());
    assertTrue(ofItsUser(host, closed, outside).succeeded(), "there is a way for everybody else");

    host.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
    host.host().exec("nft", "flush", "ruleset").ok();

    assertTrue(ofItsUser(host, closed, outside).succeeded(), "another process of the same user");
    Result out = host.fetch(closed, outside);
    assertFalse(out.stdout().contains("\"status\":200"), out::toString);
    Result in = curl(other(host), inside);
    assertFalse(in.succeeded(), in::toString);
    assertTrue(curl(host, "http://127.0.0.1:%d/".formatted(closed.port())).succeeded(), "loopback");

    host.start();
    host.awaitJoined();
    Await.until("a way out through the proxy", SOON, () -> reaches(host, closed, outside));
  }

  private static boolean reaches(MeshHost host, Workload from, String url) {
    return host.fetch(from, url).stdout().contains("\"status\":200");
  }

  private static Result ofItsUser(MeshHost host, Workload workload, String url) {
    return host.host()
        .exec(
            "systemd-run",
            "--quiet",
            "--wait",
            "--pipe",
            "--collect",
            "--uid=" + workload.user(),
            "curl",
            "-fsS",
            "--max-time",
            "5",
            url);
  }

  private static Result curl(MeshHost from, String url) {
    return from.host().exec("curl", "-fsS", "--max-time", "3", url);
  }

  @Test
  void theStatusSaysThatItIsClosedAndTheFilterComesBackWithItsUnit() {
    MeshHost host = vm("vm1");
    assertTrue(
        host.status()
            .step("web", "redirect proof")
            .orElseThrow()
            .detail()
            .endsWith("it cannot leave the host past its proxy"));
    host.kill9(web.unit());
    assertEquals(
        "/sys/fs/bpf/meshx/loopback-only-1",
        host.host()
            .exec("systemctl", "show", "--value", "-p", "IPEgressFilterPath", web.unit())
            .ok()
            .out());
  }

  @Test
  void anOpenWorkloadLeavesInPlaintextWhileItsProxyIsNotReadyAndTheStatusShoutsIt() {
    MeshHost host = vm("vm1");
    Workload loose = Workload.numbered("loose", 1);
    host.prepare(loose);
    host.registerWorkload(mesh.spireServer(), loose);
    host.host()
        .write(loose.path(), loose.toml().withText("intercept.on_proxy_down", "open").text());
    host.awaitJoined();
    String url = "http://%s:%d/".formatted(vm("vm2").host().ipv4(), api.port());
    assertEquals(loose.spiffeId(), host.awaitRequest(loose, url).clientId());
    assertTrue(
        host.status()
            .step("loose", "redirect proof")
            .orElseThrow()
            .detail()
            .endsWith("it is open: without its proxy it leaves in plaintext"));

    host.host().exec("systemctl", "kill", "--signal=STOP", loose.proxyUnit()).ok();
    try {
      Await.until("its redirect to be out", SOON, () -> !host.rules().contains("meshx/loose/"));
      Await.until(
          "the status to say so",
          SOON,
          () ->
              host.status()
                  .step("loose", "proxy ready")
                  .filter(step -> step.detail().contains("its traffic is NOT ENCRYPTED"))
                  .isPresent());
      assertEquals("", host.awaitRequest(loose, url).clientId());
    } finally {
      host.host().exec("systemctl", "kill", "--signal=CONT", loose.proxyUnit()).ok();
    }
    Await.until("its redirect to be back", SOON, () -> host.rules().contains("meshx/loose/"));
    assertEquals(loose.spiffeId(), host.awaitRequest(loose, url).clientId());
    host.drop(loose);
    host.awaitJoined();
  }
}
