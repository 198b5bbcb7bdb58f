// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Cluster;
import io.meshx.it.cluster.ControlPlane;
import io.meshx.it.cluster.ControlPlane.Policy;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Toml;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a join needs and has not got holds it back: status and exit code say what is missing and
 * what to do, the workload does not start and no rule is in. When the cause is gone, the join goes
 * on by itself.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class GatesIT {
  /** What {@code meshx status} ends with when something is not joined. */
  private static final int NOT_READY = 4;

  private static final Duration LONG = Duration.ofSeconds(90);
  private static final String TOKEN = "/etc/meshx-agent/join-token";
  private static final String PROXY = "/opt/gates/linkerd2-proxy";
  private static final String SPIRE_AGENT = "/opt/gates/spire-agent";
  private static final String SOCKET = "/run/meshx-agent/spire/public/api.sock";

  private final Mesh mesh = Mesh.open();
  private MeshHost vm;
  private Host host;
  private SpireServer server;
  private String agentEntry = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void install() {
    vm = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM)).getFirst();
    host = vm.host();
    server = mesh.spireServer();
    agentEntry = createAgentEntry();
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  /** A host with everything in place but a workload, and nothing joined. */
  @BeforeEach
  void takeEverythingDown() {
    host.sh("rm -f /etc/meshx-agent/workloads/*").ok();
    downAndForgotten();
    vm.configure(toml(MeshHost.Mode.AGENT));
    link(PROXY, "/usr/lib/linkerd/linkerd2-proxy");
    link(SPIRE_AGENT, "/opt/spire/bin/spire-agent");
    putToken();
  }

  /** Takes the host out of the mesh, with the identity that its SPIRE agent keeps otherwise. */
  private void downAndForgotten() {
    vm.meshx("down").ok();
    host.delete("/var/lib/meshx-agent/spire");
  }

  private Toml toml(MeshHost.Mode mode) {
    return vm.toml(mode)
        .withText("components.proxy", PROXY)
        .withText("components.spire_agent", SPIRE_AGENT);
  }

  private void link(String path, String program) {
    host.sh("mkdir -p /opt/gates && ln -sfn '%s' '%s'".formatted(program, path)).ok();
  }

  private void putToken() {
    host.write(TOKEN, server.token(Duration.ofMinutes(10), vm.alias()) + "\n", "root:root", "0600");
  }

  private String createAgentEntry() {
    return server.createEntry(
        vm.alias(),
        "spiffe://" + MeshHost.TRUST_DOMAIN + "/meshx-agent/vm1",
        Duration.ZERO,
        "unix:uid:0",
        "systemd:id:" + MeshHost.AGENT_UNIT);
  }

  /** A workload with all that it needs. Each test has its own, which never ran before. */
  private Workload add(String name) {
    Workload workload = Workload.first(name);
    vm.prepare(workload);
    vm.registerWorkload(server, workload);
    vm.add(workload);
    return workload;
  }

  @Test
  void withoutASpireServer() {
    Workload web = add("noserver");
    server.stop();
    vm.start();

    assertHeld(
        web, "host", "agent SVID", "nothing listens at 10.77.0.1:8081; start the SPIRE server");

    server.start();
    vm.awaitJoined();
  }

  @Test
  void withoutAJoinToken() {
    Workload web = add("notoken");
    host.delete(TOKEN);
    vm.start();

    assertHeld(
        web,
        "host",
        "SPIRE agent",
        "a join token: make one at the SPIRE server with 'spire-server token generate -spiffeID "
            + vm.alias()
            + "', and its value goes into '"
            + TOKEN
            + "'");

    putToken();
    vm.awaitJoined();
  }

  @Test
  void withAnUnknownAndThenASpentJoinToken() {
    Workload web = add("badtoken");
    String[] told = {
      "the SPIRE server does not know the join token, or it was used before",
      "a new join token comes from 'spire-server token generate -spiffeID " + vm.alias(),
      TOKEN
    };
    String good = host.read(TOKEN);
    host.write(TOKEN, "5b5b9d53-2f63-4bdb-8f30-000000000000\n", "root:root", "0600");
    vm.start();
    assertHeld(web, "host", "agent SVID", told);
    host.write(TOKEN, good, "root:root", "0600");
    vm.awaitJoined();

    vm.drop(web);
    downAndForgotten();
    Workload next = add("spenttoken");
    host.write(TOKEN, good, "root:root", "0600");
    vm.start();
    assertHeld(next, "host", "agent SVID", told);
    putToken();
    vm.awaitJoined();
  }

  @Test
  void withoutAnEntryForTheAgent() {
    Workload web = add("noagent");
    server.deleteEntry(agentEntry);
    // It hands out entries from a cache that is up to 5 s old, and new when it starts.
    server.restart();
    vm.start();

    assertHeld(
        web,
        "host",
        "agent SVID",
        "no identity issued",
        "needed at the SPIRE server: a registration entry for spiffe://root.linkerd.cluster.local"
            + "/meshx-agent/vm1 with the parent "
            + vm.alias()
            + " and the selectors unix:uid:0 and systemd:id:meshx-agent.service");

    agentEntry = createAgentEntry();
    vm.awaitJoined();
  }

  @Test
  void withoutTheRightEntryForAProxyWhileAnotherWorkloadJoins() {
    Workload none = Workload.numbered("noentry", 1);
    Workload other = Workload.numbered("otherid", 2);
    Workload selectors = Workload.numbered("otheruid", 3);
    vm.prepare(none, other, selectors);
    String uid = "unix:uid:" + host.exec("id", "-u", "meshx-proxy").ok().out();
    String unit = "systemd:id:";
    String wrongId =
        server.createEntry(
            vm.alias(), other.spiffeId() + "x", Duration.ZERO, uid, unit + other.proxyUnit());
    String wrongUid =
        server.createEntry(
            vm.alias(),
            selectors.spiffeId(),
            Duration.ZERO,
            "unix:uid:0",
            unit + selectors.proxyUnit());
    Workload web = add("web");
    Stream.of(none, other, selectors).forEach(vm::add);
    vm.start();

    Await.until(
        "the workload that lacks nothing to run", LONG, () -> vm.run(web.unit()).pid() != 0);
    String needed = "needed at the SPIRE server: a registration entry for ";
    for (Workload each : List.of(none, selectors)) {
      assertHeld(
          each,
          each.name(),
          "proxy SVID",
          "no SVID for selectors",
          needed + each.spiffeId() + " with the parent " + vm.alias() + " and the selectors ",
          unit + each.proxyUnit() + " and " + uid);
    }
    assertHeld(
        other,
        "otherid",
        "proxy SVID",
        "SPIRE issues " + other.spiffeId() + "x instead",
        needed + other.spiffeId() + " with");

    server.deleteEntry(wrongId);
    server.deleteEntry(wrongUid);
    Stream.of(none, other, selectors).forEach(each -> vm.registerWorkload(server, each));
    vm.awaitJoined();
  }

  @Test
  void withoutProgramsAndUser() {
    Workload web = Workload.first("nouser");
    vm.registerWorkload(server, web);
    vm.add(web);
    host.sh("mkdir -p /workload; ln -sfn /opt/lab/bin/workload /workload/start").ok();
    host.delete(PROXY);
    host.delete(SPIRE_AGENT);
    vm.start();

    String missing = "an executable file '%s': install it there or set components.%s";
    assertHeld(
        web,
        "host",
        "prepared",
        missing.formatted(PROXY, "proxy"),
        missing.formatted(SPIRE_AGENT, "spire_agent"));

    link(SPIRE_AGENT, "/opt/spire/bin/spire-agent");
    Await.until(
        "the agent to miss the proxy only",
        LONG,
        () -> !step("host", "prepared").detail().contains(SPIRE_AGENT));
    assertHeld(web, "host", "prepared", missing.formatted(PROXY, "proxy"));

    link(PROXY, "/usr/lib/linkerd/linkerd2-proxy");
    assertHeld(
        web,
        "nouser",
        "prepared",
        "the user 'nouser', which does not exist: create it or change process.user in '"
            + web.path()
            + "'");

    vm.prepare(web);
    vm.awaitJoined();
  }

  @Test
  void withAProxyThatIsNone() {
    Workload web = add("noproxy");
    link(PROXY, "/bin/false");
    vm.start();

    assertHeld(
        web,
        "noproxy",
        "proxy",
        "unit meshx-proxy-noproxy.service to stay up: it ended with result 'exit-code', status 1");

    link(PROXY, "/usr/lib/linkerd/linkerd2-proxy");
    vm.awaitJoined();
  }

  @Test
  void withoutThePolicyServiceAndThenWithoutTheDestinationService() {
    mesh.controlPlane().closePolicy();
    try {
      Workload web = add("nopolicy");
      vm.start();
      assertHeld(web, "nopolicy", "proxy ready", "policy service not reached: 0 endpoints ready");
    } finally {
      mesh.controlPlane().openPolicy();
    }
    vm.awaitJoined();

    firewall("-A");
    try {
      Workload second = Workload.numbered("nodest", 1);
      vm.prepare(second);
      vm.registerWorkload(server, second);
      vm.add(second);
      assertHeld(
          second, "nodest", "proxy ready", "destination service not reached: 0 endpoints ready");
    } finally {
      firewall("-D");
    }
    vm.awaitJoined();
  }

  private void firewall(String how) {
    mesh.lab()
        .cluster()
        .run(
            "iptables",
            "-w",
            how,
            "INPUT",
            "-p",
            "tcp",
            "-d",
            ControlPlane.POD_ADDRESS,
            "--dport",
            Integer.toString(ControlPlane.DESTINATION_PORT),
            "-j",
            "REJECT",
            "--reject-with",
            "tcp-reset")
        .ok();
  }

  @Test
  void withAnAdminPortThatPolicyCloses() {
    Workload unrouted = Workload.numbered("unrouted", 1);
    Workload hidden = Workload.numbered("hidden", 2);
    mesh.controlPlane()
        .policy(
            Workload.NAMESPACE + "/unrouted-" + vm.name(),
            Policy.of("all-unauthenticated").withPort(unrouted.admin(), Policy.of("no-routes")));
    mesh.controlPlane().closePolicy();
    try {
      vm.prepare(unrouted, hidden);
      vm.registerWorkload(server, unrouted);
      vm.registerWorkload(server, hidden);
      host.write(hidden.path(), hidden.toml().withText("proxy.inbound_policy", "deny").text());
      vm.start();
      assertHeld(hidden, "hidden", "proxy ready", admin(hidden));
    } finally {
      mesh.controlPlane().openPolicy();
    }
    vm.awaitJoined();

    // Open until its policy comes, it could be seen to be ready before.
    host.write(unrouted.path(), unrouted.toml().withText("proxy.inbound_policy", "deny").text());
    assertHeld(unrouted, "unrouted", "proxy ready", admin(unrouted));
    mesh.controlPlane().forgetPolicy(Workload.NAMESPACE + "/unrouted-" + vm.name());
    vm.awaitJoined();
  }

  private static String admin(Workload workload) {
    return "the proxy's admin port %d, which inbound policy closes (HTTP 404): until the policy"
        .formatted(workload.admin());
  }

  @Test
  void aZombieProxyIsFoundAndReplaced() {
    Workload web = add("zombie");
    vm.join();
    MeshHost.Run workload = vm.run(web.unit());
    MeshHost.Run proxy = vm.run(web.proxyUnit());
    Workload second = Workload.numbered("undead", 1);
    vm.prepare(second);
    vm.registerWorkload(server, second);

    String asItIs = host.exec("readlink", PROXY).ok().out();
    host.delete(PROXY);
    host.write(
        PROXY,
        """
        #!/bin/sh
        LINKERD2_PROXY_IDENTITY_SPIRE_WORKLOAD_API_ADDRESS=unix:///run/nobody/api.sock
        LINKERD2_PROXY_IDENTITY_SPIRE_SOCKET=$LINKERD2_PROXY_IDENTITY_SPIRE_WORKLOAD_API_ADDRESS
        export LINKERD2_PROXY_IDENTITY_SPIRE_WORKLOAD_API_ADDRESS LINKERD2_PROXY_IDENTITY_SPIRE_SOCKET
        exec %s
        """
            .formatted(asItIs),
        "root:root",
        "0755");
    vm.kill9(web.proxyUnit());
    vm.add(second);
    String evidence = "it never becomes ready: ";
    for (Workload each : List.of(web, second)) {
      Await.until(
          "the zombie of " + each.name() + " to be found",
          LONG,
          () ->
              step(each.name(), "proxy").toString().contains(evidence)
                  || step(each.name(), "proxy ready").toString().contains(evidence)
                  || vm.status().held().toString().contains(each.proxyUnit()));
    }
    assertEquals(NOT_READY, vm.meshx("status").exit());
    assertNotStarted(second);
    assertEquals(workload, vm.run(web.unit()), "the workload is as it was");
    assertTrue(vm.rules().contains("meshx/zombie/redirect-outbound"), vm::rules);

    link(PROXY, asItIs);
    vm.awaitJoined();
    assertEquals(workload, vm.run(web.unit()), "the workload is as it was");
    assertFalse(vm.run(web.proxyUnit()).equals(proxy));
  }

  @Test
  void aLostSocketIsMadeAnewAndAProxyThatStartedWithoutItIsReplaced() {
    Workload web = add("lost");
    vm.join();
    MeshHost.Run workload = vm.run(web.unit());
    MeshHost.Run proxy = vm.run(web.proxyUnit());
    Workload second = Workload.numbered("late", 1);
    vm.prepare(second);
    vm.registerWorkload(server, second);

    host.exec("mv", SOCKET, SOCKET + ".away").ok();
    vm.kill9(web.proxyUnit());
    vm.add(second);

    Await.until("the socket to be back", LONG, () -> host.exists(SOCKET));
    Await.until(
        "both to be served by a proxy that is ready",
        LONG,
        () -> vm.run(second.unit()).pid() != 0 && !vm.run(web.proxyUnit()).equals(proxy));
    vm.awaitJoined();
    assertEquals(workload, vm.run(web.unit()), "the workload is as it was");
    assertTrue(vm.rules().contains("meshx/lost/redirect-outbound"), vm::rules);
    host.delete(SOCKET + ".away");
  }

  @Test
  void withAnExternalSocketThatIsMissingAndThenIssuesNothing() {
    Workload web = Workload.first("external");
    vm.prepare(web);
    vm.configure(toml(MeshHost.Mode.EXTERNAL));
    vm.add(web);
    vm.start();
    assertHeld(
        web,
        "host",
        "SPIRE socket",
        "socket /run/other/api.sock, which does not exist: start the SPIRE agent that owns it, or"
            + " set spire.socket");

    startForeignSpireAgent();
    assertHeld(web, "external", "proxy", "no identity issued");
    vm.registerWorkload(server, web);
    vm.awaitJoined();
    host.exec("systemctl", "stop", "other-spire.service").ok();
  }

  private void startForeignSpireAgent() {
    host.write(
        "/etc/other/agent.json",
        """
        {"agent": {"trust_domain": "%s", "data_dir": "/run/other/data",
          "server_address": "%s", "server_port": %d, "socket_path": "/run/other/api.sock",
          "trust_bundle_path": "/etc/meshx-agent/trust-anchors.pem", "join_token_file": "%s"},
         "plugins": {"NodeAttestor": [{"join_token": {"plugin_data": {}}}],
          "KeyManager": [{"memory": {"plugin_data": {}}}],
          "WorkloadAttestor": [{"unix": {"plugin_data": {}}}, {"systemd": {"plugin_data": {}}}]}}
        """
            .formatted(MeshHost.TRUST_DOMAIN, Cluster.GATEWAY.ipv4(), SpireServer.PORT, TOKEN));
    host.exec(
            "systemd-run",
            "--quiet",
            "--unit=other-spire.service",
            "--property=RuntimeDirectory=other",
            "/opt/spire/bin/spire-agent",
            "run",
            "-config",
            "/etc/other/agent.json")
        .ok();
  }

  private Status.Step step(String scope, String name) {
    return vm.status().step(scope, name).orElse(new Status.Step(scope, name, "none", ""));
  }

  /** Waits until the step waits for just that, and then looks at all that must hold meanwhile. */
  private void assertHeld(Workload workload, String scope, String step, String... told) {
    Status[] last = new Status[1];
    var unused =
        Await.value(
                LONG,
                () -> {
                  Status status = vm.status();
                  last[0] = status;
                  return status
                      .step(scope, step)
                      .filter(found -> found.state().equals("waiting"))
                      .filter(found -> Stream.of(told).allMatch(found.detail()::contains));
                })
            .orElseThrow(() ->
                new LabException(
                    "waited for %s: %s to say %s, in vain; last: %s"
                        .formatted(scope, step, List.of(told), last[0])));
    assertEquals("joining", last[0].state());
    assertEquals(List.of(), last[0].configProblems());
    Result text = vm.meshx("status");
    assertEquals(NOT_READY, text.exit(), text::toString);
    Stream.of(told).forEach(each -> assertTrue(text.stdout().contains(each), text::toString));
    assertEquals(NOT_READY, vm.meshx("status", "--json").exit());
    assertNotStarted(workload);
  }

  private void assertNotStarted(Workload workload) {
    assertEquals("", host.journal(workload.unit()), "what systemd has to say of the workload");
    assertEquals(new MeshHost.Run(0, ""), vm.run(workload.unit()));
    String rules = vm.rules();
    assertFalse(rules.contains("meshx/" + workload.name() + "/"), rules);
  }
}
