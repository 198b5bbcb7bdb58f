// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
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

  @ParameterizedTest
  @ValueSource(strings = {"vm1", "vm2"})
  void whatTheConfigurationExceptsGoesDirectlyAndNothingElse(String name) {
    MeshHost host = vm(name);
    MeshHost other = other(host);
    Workload closed = workload(host);
    String excepted = "http://%s:%d/".formatted(other.host().ipv4(), OUTSIDER);
    String meshed = "http://%s:%d/".formatted(other.host().ipv4(), workload(other).port());
    String inside = "http://%s:%d/".formatted(host.host().ipv4(), closed.port());
    host.host()
        .write(
            closed.path(),
            closed
                .toml()
                .with("intercept.skip_outbound_ports", "[" + OUTSIDER + ", \"9050-9060\"]")
                .with("intercept.skip_inbound_networks", "[\"" + other.host().ipv4() + "/32\"]")
                .text());
    Await.until(
        "the exceptions to be in the status",
        SOON,
        () ->
            host.status()
                .step(closed.name(), "redirect proof")
                .filter(step ->
                    step.detail()
                        .endsWith(
                            "except TCP to ports 9000, 9050-9060; TCP from "
                                + other.host().ipv4()
                                + "/32"))
                .isPresent());
    host.awaitJoined();
    Await.until("a direct answer", SOON, () -> reaches(host, closed, excepted));
    assertEquals(closed.spiffeId(), host.awaitRequest(closed, meshed).clientId());

    // Without rules, only what the kernel's filter lets pass is left.
    host.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
    host.host().exec("nft", "flush", "ruleset").ok();
    assertTrue(reaches(host, closed, excepted), "an excepted port");
    assertFalse(reaches(host, closed, meshed), "another port");
    assertTrue(curl(other, inside).succeeded(), "from an excepted network");

    host.host().write(closed.path(), closed.toml().text());
    host.start();
    host.awaitJoined();
    Await.until(
        "no exception to be left",
        SOON,
        () ->
            host.status()
                .step(closed.name(), "redirect proof")
                .filter(step -> step.detail().endsWith("past its proxy"))
                .isPresent());
    host.awaitJoined();
    assertEquals(closed.spiffeId(), host.awaitRequest(closed, meshed).clientId());
  }

  @Test
  void rulesGoWithTheAgentIfTheConfigurationSaysSoAndAClosedWorkloadStaysClosed() {
    MeshHost host = vm("vm1");
    String url = "http://%s:%d/".formatted(vm("vm2").host().ipv4(), api.port());
    var usual = host.toml(MeshHost.Mode.AGENT);
    host.configure(usual.withText("firewall.on_agent_stop", "remove"));
    Await.until(
        "the configuration to be read",
        SOON,
        () -> host.host().journal(MeshHost.AGENT_UNIT).contains("configuration read again"));
    host.awaitJoined();
    host.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
    assertFalse(host.rules().contains("meshx/"), host::rules);
    assertFalse(reaches(host, web, url), "past the proxy");
    host.configure(usual);
    host.start();
    host.awaitJoined();
    assertEquals(web.spiffeId(), host.awaitRequest(web, url).clientId());
    host.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
    assertTrue(host.rules().contains("meshx/web/"), host::rules);
    host.start();
    host.awaitJoined();
  }

  @Test
  void everybodyElsesConnectionsGoThroughTheProxyIfTheConfigurationSaysSo() {
    MeshHost host = vm("vm1");
    String url = "http://%s:%d/".formatted(vm("vm2").host().ipv4(), api.port());
    host.host().exec("useradd", "--system", "--no-create-home", "somebody").ok();
    assertEquals("", clientIdOf(host, url));
    host.host().write(web.path(), web.toml().withText("intercept.outbound", "host").text());
    Await.until("the redirect", SOON, () -> host.rules().contains("meshx/web/redirect-host"));
    assertEquals(web.spiffeId(), clientIdOf(host, url));
    assertTrue(curl(host, url).succeeded(), "root goes directly");

    host.host().exec("systemctl", "kill", "--signal=STOP", web.proxyUnit()).ok();
    try {
      host.host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
      Await.until(
          "the redirect to be out", SOON, () -> !host.rules().contains("meshx/web/redirect-host"));
      assertEquals("", clientIdOf(host, url));
    } finally {
      host.host().exec("systemctl", "kill", "--signal=CONT", web.proxyUnit()).ok();
    }
    host.host().write(web.path(), web.toml().text());
    Await.until("no redirect", SOON, () -> !host.rules().contains("meshx/web/redirect-host"));
    host.awaitJoined();
  }

  private static String clientIdOf(MeshHost host, String url) {
    Result answer =
        host.host()
            .exec(
                "systemd-run",
                "--quiet",
                "--wait",
                "--pipe",
                "--collect",
                "--uid=somebody",
                "curl",
                "-fsS",
                "--max-time",
                "5",
                url)
            .ok();
    return JsonParser.parseString(answer.stdout()).getAsJsonObject().get("client_id").getAsString();
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
      host.host()
          .sh(
              "systemd-run --quiet --unit=keeps --uid=%s bash -c 'exec 3<>/dev/tcp/%s/%d; sleep 300'"
                  .formatted(loose.user(), vm("vm2").host().ipv4(), OUTSIDER))
          .ok();
    } finally {
      host.host().exec("systemctl", "kill", "--signal=CONT", loose.proxyUnit()).ok();
    }
    Await.until("its redirect to be back", SOON, () -> host.rules().contains("meshx/loose/"));
    String kept =
        "1 connections from before go on and are NOT ENCRYPTED: %s port %d"
            .formatted(vm("vm2").host().ipv4(), OUTSIDER);
    Await.until(
        "the connection from before to be named",
        SOON,
        () -> host.status().step("loose", "redirect").orElseThrow().detail().contains(kept));
    host.host().exec("systemctl", "stop", "keeps").ok();
    assertEquals(loose.spiffeId(), host.awaitRequest(loose, url).clientId());
    host.drop(loose);
    host.awaitJoined();
  }

  @Test
  void withAnOpenInboundOthersGetInWhileItsProxyIsNotReadyAndNothingElseGetsOut() {
    MeshHost host = vm("vm1");
    Workload door = Workload.numbered("door", 2);
    host.prepare(door);
    host.registerWorkload(mesh.spireServer(), door);
    host.host()
        .write(door.path(), door.toml().withText("intercept.inbound_on_proxy_down", "open").text());
    host.awaitJoined();
    String out = "http://%s:%d/".formatted(vm("vm2").host().ipv4(), api.port());
    String in = "http://%s:%d/".formatted(host.host().ipv4(), door.port());
    assertEquals(door.spiffeId(), host.awaitRequest(door, out).clientId());

    host.host().exec("systemctl", "kill", "--signal=STOP", door.proxyUnit()).ok();
    try {
      Await.until(
          "what comes in to be no longer redirected",
          SOON,
          () -> !host.rules().contains("meshx/door/redirect-inbound"));
      Await.result(
          "an answer to somebody outside the mesh",
          SOON,
          () -> vm("vm2").host().exec("curl", "-fsS", "--max-time", "3", in),
          Result::succeeded);
      assertTrue(host.rules().contains("meshx/door/redirect-outbound"));
      assertTrue(
          host.status()
              .step("door", "proxy ready")
              .orElseThrow()
              .detail()
              .contains("connections to its ports are NOT ENCRYPTED"));
      host.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
      host.host().exec("nft", "flush", "ruleset").ok();
      assertFalse(host.fetch(door, out).stdout().contains("\"status\":200"), "out without rules");
      assertTrue(vm("vm2").host().exec("curl", "-fsS", "--max-time", "3", in).succeeded());
    } finally {
      host.host().exec("systemctl", "kill", "--signal=CONT", door.proxyUnit()).ok();
      host.start();
    }
    host.awaitJoined();
    assertEquals(door.spiffeId(), host.awaitRequest(door, out).clientId());
    host.drop(door);
    host.awaitJoined();
  }

  @Test
  void aConfirmationThatNothingWaitsForSaysSo() {
    Result confirmed = vm("vm1").meshx("confirm");

    assertEquals(0, confirmed.exit());
    assertTrue(confirmed.out().contains("nothing to confirm"), confirmed::toString);
  }

  @Test
  void whoMayNotAskTheAgentIsToldSo() {
    for (String question : List.of("wait web", "status", "confirm")) {
      Result refused = vm("vm1").host().sh("runuser -u nobody -- meshx " + question);

      assertEquals(77, refused.exit(), refused::toString);
      assertTrue(
          refused.toString().contains("members of the group meshx may ask"), refused::toString);
    }
  }
}
