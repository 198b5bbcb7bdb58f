// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Workload;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Identities of two hosts: one proves itself to the SPIRE server with a certificate, the other with
 * a join token.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class IdentityIT {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final String CERTIFICATE = "/etc/meshx-agent/host.crt";
  private static final String KEY = "/etc/meshx-agent/host.key";
  private static final String TOKEN = "/etc/meshx-agent/join-token";
  private static final String PLACE = "/run/api-svid";
  private static final String TOLD = "/var/tmp/told";

  /** Renewed after half of it. */
  private static final Duration SHORT = Duration.ofSeconds(10);

  private static final String SOCKET = "/run/meshx-agent/spire/public/api.sock";

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.numbered("web", 0);
  private final Workload api = Workload.numbered("api", 1);
  private final Workload caller = Workload.numbered("caller", 2);
  private SpireServer server;
  private String url = "";

  /** Attested with a certificate. */
  private MeshHost vm1;

  /** Attested with a join token. */
  private MeshHost vm2;

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    server = mesh.spireServer();
    List<MeshHost> hosts =
        mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    vm1 = hosts.getFirst();
    vm2 = hosts.getLast();
    mesh.set(vm1, MeshHost.Mode.AGENT, web, api);
    mesh.set(vm2, MeshHost.Mode.AGENT, caller);
    Pki.Credential certificate = server.hosts().issue(Duration.ofHours(1), "vm1");
    vm1.host().write(CERTIFICATE, certificate.certificatePem());
    vm1.host().write(KEY, certificate.keyPem(), "root:root", "0600");
    vm1.host().delete(TOKEN);
    vm1.configure(
        vm1.toml(MeshHost.Mode.AGENT)
            .withText("spire.attestor", "x509pop")
            .withText("spire.x509pop.certificate", "host.crt")
            .withText("spire.x509pop.private_key", "host.key")
            .withText("mesh.trust_anchors_from", "bundle"));
    vm2.configure(vm2.toml(MeshHost.Mode.AGENT).withText("mesh.trust_anchors_from", "bundle"));
    server.createNode(vm1.alias(), "x509pop:subject:cn:vm1");
    url = mesh.service("10.96.50.1", vm1, web);
    Mesh.onAll(hosts, MeshHost::join);
    vm2.awaitRequest(caller, url);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  @AfterEach
  void bothAreJoined() {
    Mesh.onAll(List.of(vm1, vm2), MeshHost::awaitJoined);
  }

  @Test
  @Order(1)
  void aUsedTokenIsGoneFromTheHost() {
    Await.until("the token to be removed", LONG, () -> !vm2.host().exists(TOKEN));
    assertFalse(vm2.host().read("/run/meshx-agent/spire/agent.json").contains("token_file"));
  }

  @Test
  @Order(2)
  void eachProxyHasItsOwnIdentityAndNobodyElseHasAny() {
    assertEquals(web.spiffeId(), vm1.status().svid("web").id());
    assertEquals(api.spiffeId(), vm1.status().svid("api").id());
    for (String user : List.of("meshx-proxy", "root", web.user())) {
      Result asked =
          vm1.host()
              .run(
                  "runuser",
                  "-u",
                  user,
                  "--",
                  "/opt/spire/bin/spire-agent",
                  "api",
                  "fetch",
                  "x509",
                  "-socketPath",
                  SOCKET);
      assertFalse(asked.succeeded(), user);
      assertTrue(asked.toString().contains("no identity issued"), asked::toString);
    }
  }

  @Test
  @Order(3)
  void nothingSecretIsShown() {
    String token = server.token(Duration.ofMinutes(10), vm2.alias());
    vm2.host().write(TOKEN, token + "\n", "root:root", "0600");
    forget(vm2);
    vm2.start();
    vm2.awaitJoined();
    for (MeshHost vm : List.of(vm1, vm2)) {
      Host host = vm.host();
      String shown =
          host.sh(
                  "systemctl show 'meshx-*'; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' ';"
                      + " journalctl -q --no-pager -o verbose; meshx status --json; meshx plan;"
                      + " cat /run/meshx-agent/spire/*.json")
              .stdout()
              // SPIRE names an agent after its token, which is of no use to anybody by then.
              .replace("/spire/agent/join_token/" + token, "");
      assertTrue(shown.contains("meshx-spire-agent"), "nothing was shown");
      assertFalse(shown.contains(token), "the token is shown on " + vm.name());
      assertFalse(shown.contains("PRIVATE KEY"), "a key is shown on " + vm.name());
      assertEquals(
          "",
          host.sh(
                  "for u in $(systemctl list-units --plain --no-legend 'meshx-*.service' | cut -d'"
                      + " ' -f1); do case $u in meshx-proxy-*|meshx-spire-*) ;; *) continue;; esac; p=$(systemctl"
                      + " show -P MainPID $u); [ $p = 0 ] || grep -L 'Max core file size  *0  *0'"
                      + " /proc/$p/limits; done")
              .out(),
          "a component would leave its memory in a core dump");
    }
  }

  @Test
  @Order(4)
  void aCertificateThatTheServerDoesNotAcceptIsToldAndAnotherIsReadAtOnce() {
    Host host = vm1.host();
    String certificate = host.read(CERTIFICATE);
    String key = host.read(KEY);
    Pki.Credential other = mesh.pki().issue(Duration.ofHours(1), "vm1");
    host.write(CERTIFICATE, other.certificatePem());
    host.write(KEY, other.keyPem(), "root:root", "0600");
    forget(vm1);
    vm1.start();

    awaitWaiting(
        vm1, "host", "agent SVID", "the SPIRE server does not accept this host's certificate");

    host.write(CERTIFICATE, certificate);
    host.write(KEY, key, "root:root", "0600");
    vm1.awaitJoined();
  }

  @Test
  @Order(5)
  void aWorkloadFindsAnSvidOfItsOwnAndIsToldOfEachNewOne() throws Exception {
    Host host = vm1.host();
    Run running = vm1.run(api.unit());
    String entry =
        server.createEntry(
            vm1.alias(),
            api.spiffeId(),
            SHORT,
            "unix:uid:" + host.exec("id", "-u", api.user()).ok().out(),
            "systemd:id:" + api.unit());
    host.write(
        api.path(),
        api.toml()
            .withText("svid.directory", PLACE)
            .with("svid.on_renewal", "[\"/usr/bin/touch\", \"%s\"]".formatted(TOLD))
            .text());

    for (int round = 0; round < 3; round++) {
      Await.until("the workload to be told of an SVID", LONG, () -> host.exists(TOLD));
      String pem = host.read(PLACE + "/svid_and_key.pem");
      assertEquals(pem, host.read(PLACE + "/svid.pem") + host.read(PLACE + "/svid_key.pem"));
      assertTrue(belongTogether(pem), "the key is not the one of the certificate");
      host.delete(TOLD);
    }
    vm1.awaitJoined();
    assertEquals(running, vm1.run(api.unit()));
    assertTrue(
        host.run("runuser", "-u", api.user(), "--", "cat", PLACE + "/svid_key.pem").succeeded());
    for (String other : List.of(web.user(), "meshx-proxy")) {
      assertFalse(
          host.run("runuser", "-u", other, "--", "cat", PLACE + "/svid_key.pem").succeeded(),
          other);
    }
    assertFalse(
        host.sh("journalctl -q --no-pager -o verbose; meshx status --json")
            .stdout()
            .contains("PRIVATE KEY"));

    host.write(api.path(), api.toml().text());
    Await.until("the files to be gone", LONG, () -> !host.exists(PLACE));
    assertFalse(host.exists("/run/meshx-agent/svid"));
    vm1.awaitJoined();
    assertEquals(running, vm1.run(api.unit()));
    server.deleteEntry(entry);
  }

  @Test
  @Order(6)
  void aSignalTellsTheMainProcessOfARenewalAndNotOfTheFirst() {
    Host host = vm1.host();
    String entry =
        server.createEntry(
            vm1.alias(),
            web.spiffeId(),
            SHORT,
            "unix:uid:" + host.exec("id", "-u", web.user()).ok().out(),
            "systemd:id:" + web.unit());
    host.write(
        "/workload/tell",
        """
        #!/bin/sh
        trap 'echo was told' HUP
        /workload/start &
        while :; do wait; done
        """,
        "root:root",
        "0755");
    host.write(
        web.path(),
        web.toml()
            .with("process.exec", "[\"/workload/tell\"]")
            .withText("svid.directory", "/run/web-svid")
            .withText("svid.on_renewal", "SIGHUP")
            .text());
    Await.until(
        "the workload to be told twice",
        LONG,
        () ->
            host.journal(web.unit()).lines().filter(line -> line.endsWith("was told")).count()
                >= 2);
    Run running = vm1.run(web.unit());
    vm2.awaitRequest(caller, url);

    host.write(web.path(), web.toml().text());
    Await.until("it to run as before", LONG, () -> !vm1.run(web.unit()).equals(running));
    vm1.awaitJoined();
    server.deleteEntry(entry);
  }

  private static boolean belongTogether(String pem) throws Exception {
    int end = pem.indexOf("-----BEGIN PRIVATE KEY-----");
    X509Certificate leaf =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(
                    new ByteArrayInputStream(
                        pem.substring(0, end).getBytes(StandardCharsets.US_ASCII)));
    byte[] key =
        Base64.getMimeDecoder().decode(pem.substring(end).replaceAll("-----[A-Z ]*-----", ""));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)));
    byte[] signed = signature.sign();
    signature.initVerify(leaf.getPublicKey());
    return signature.verify(signed);
  }

  /** Stops what runs of SPIRE here and takes its identity away. */
  private static void forget(MeshHost vm) {
    vm.host()
        .sh("systemctl stop meshx-agent meshx-spire-agent; rm -rf /var/lib/meshx-agent/spire/agent")
        .ok();
  }

  private static void awaitWaiting(MeshHost vm, String scope, String step, String... words) {
    Await.until(
        vm.name() + ": " + scope + ": " + step + " to wait for " + List.of(words),
        LONG,
        () ->
            vm.status()
                .step(scope, step)
                .filter(each -> each.state().equals("waiting"))
                .filter(each -> List.of(words).stream().allMatch(each.detail()::contains))
                .isPresent());
  }
}
