// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.Lab;
import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.Cluster;
import io.meshx.it.cluster.ControlPlane;
import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSpec;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The cluster's side of the lab works: SPIRE server, control plane. */
@Tag("harness")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ClusterIT {
  private static final String NODE = "spiffe://root.linkerd.cluster.local/host/vm1";
  private static final String WORKLOAD = "spiffe://root.linkerd.cluster.local/proxy/web";

  private final Lab lab = Lab.open();
  private final Pki pki = Pki.create("root.linkerd.cluster.local");

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(() -> lab);

  @AfterAll
  void close() {
    lab.close();
  }

  @Test
  void anAgentJoinsWithATokenAndGetsAnSvidUnderTheAnchor() {
    SpireServer server =
        SpireServer.start(
            lab.cluster(), pki, SpireServer.Settings.DEFAULT.withSvidTtl(Duration.ofMinutes(5)));
    assertEquals(pki.anchor().certificatePem().strip(), server.bundle().strip());
    String token = server.token(Duration.ofMinutes(5), NODE);
    String entry = server.createEntry(NODE, WORKLOAD, Duration.ZERO, "unix:uid:0");
    server.restart();
    assertEquals(2, server.entries().size());

    Host host =
        lab.host(HostSpec.of("vm1", Debian.BOOKWORM).mounting(Cache.spire(), "/opt/spire/bin"));
    host.write("/etc/spire/bundle.pem", pki.anchor().certificatePem());
    host.write("/etc/spire/token", token, "root:root", "0600");
    host.write(
        "/etc/spire/agent.json",
        """
        {"agent": {"trust_domain": "root.linkerd.cluster.local", "data_dir": "/var/lib/spire",
          "server_address": "%s", "server_port": %d, "socket_path": "/run/spire/api.sock",
          "trust_bundle_path": "/etc/spire/bundle.pem", "join_token_file": "/etc/spire/token"},
         "plugins": {"NodeAttestor": [{"join_token": {"plugin_data": {}}}],
          "KeyManager": [{"disk": {"plugin_data": {"directory": "/var/lib/spire"}}}],
          "WorkloadAttestor": [{"unix": {"plugin_data": {}}}]}}
        """
            .formatted(Cluster.GATEWAY.ipv4(), SpireServer.PORT));
    host.exec(
            "systemd-run",
            "--unit=spire-agent.service",
            "--property=StateDirectory=spire",
            "/opt/spire/bin/spire-agent",
            "run",
            "-config",
            "/etc/spire/agent.json")
        .ok();
    Await.success(
        "the SVID",
        Duration.ofSeconds(30),
        () ->
            host.exec(
                "/opt/spire/bin/spire-agent",
                "api",
                "fetch",
                "x509",
                "-socketPath",
                "/run/spire/api.sock"));
    assertEquals(1, server.agents().size());
    server.deleteEntry(entry);
    assertEquals(1, server.entries().size());
    server.close();
    assertFalse(server.cli("healthcheck").succeeded());
  }

  @Test
  void theControlPlaneAnswersAPodAndProvesItsIdentity() {
    ControlPlane controlPlane = ControlPlane.start(lab.cluster(), pki);
    Host host = lab.host(HostSpec.of("vm2", Debian.TRIXIE));
    host.sh("ip route add 10.244.0.0/16 via 10.77.0.1; ip route add 10.96.0.0/16 via 10.77.0.1")
        .ok();
    assertEquals(
        ControlPlane.POD_ADDRESS,
        host.exec("dig", "+short", "@" + Cluster.DNS_SERVICE, ControlPlane.POLICY_NAME).ok().out());
    host.write("/etc/anchor.pem", pki.anchor().certificatePem());
    for (int port : new int[] {ControlPlane.DESTINATION_PORT, ControlPlane.POLICY_PORT}) {
      assertTrue(connects(host, port));
    }
    controlPlane.closePolicy();
    assertFalse(connects(host, ControlPlane.POLICY_PORT));
    assertTrue(connects(host, ControlPlane.DESTINATION_PORT));
    controlPlane.openPolicy();
    controlPlane.stop();
    assertFalse(connects(host, ControlPlane.POLICY_PORT));
    controlPlane.start();
    assertTrue(connects(host, ControlPlane.POLICY_PORT));
    controlPlane.close();
  }

  /**
   * curl gets no HTTP answer, which is its status 1, 52 or 56; 35 and 60 are for TLS, 7 for TCP.
   */
  private static boolean connects(Host host, int port) {
    String verbose =
        host.exec(
                "curl",
                "-sv",
                "--max-time",
                "2",
                "--cacert",
                "/etc/anchor.pem",
                "--connect-to",
                "::%s:%d".formatted(ControlPlane.POD_ADDRESS, port),
                "https://" + ControlPlane.IDENTITY + ":" + port)
            .stderr();
    return verbose.contains("SSL certificate verify ok");
  }
}
