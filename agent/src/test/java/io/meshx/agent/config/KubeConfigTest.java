// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.Material;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files as kubectl writes them, and what cannot be done as they say. */
final class KubeConfigTest {
  private static final Path HOME = Path.of("/etc/meshx-agent");
  private static final String SECRET = "very-secret-token";

  @TempDir Path root;

  private static String file(String cluster, String user) {
    return """
    apiVersion: v1
    kind: Config
    preferences: {}
    current-context: "here"
    contexts:
    - name: there
      context: {cluster: other, user: other}
    - name: here
      context: {cluster: lab, user: "vm-1", namespace: mixed-env}
    clusters:
    - name: lab
      cluster: {%s}
    users:
    - name: vm-1
      user: {%s}
    """
        .formatted(cluster, user);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static ApiAccess read(String cluster, String user) {
    return KubeConfig.read(file(cluster, user), HOME);
  }

  private static String refusal(String cluster, String user) {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> read(cluster, user)).getMessage());
    assertFalse(message.contains(SECRET), message);
    return message;
  }

  @Test
  void theCurrentContextIsTaken() {
    assertEquals(
        new ApiAccess(
            ApiAccess.address("https://192.0.2.1:6443"),
            new Material.InFile(HOME.resolve("ca.crt")),
            new ApiAccess.Credentials.Token(new Material.InFile(Path.of("/var/lib/token")))),
        read(
            "server: \"https://192.0.2.1:6443\", certificate-authority: ca.crt",
            "tokenFile: /var/lib/token, token: " + SECRET));
  }

  @Test
  void whatIsInItIsTakenAndNotPrinted() {
    ApiAccess access =
        read(
            "server: \"https://api.example.org\", certificate-authority-data: " + base64("CA"),
            "token: " + SECRET);

    assertEquals("api.example.org:443", access.server().toString());
    assertEquals(new Material.Given("CA"), access.authority());
    assertEquals(new ApiAccess.Credentials.Token(new Material.Given(SECRET)), access.credentials());
    assertFalse(access.toString().contains(SECRET), access::toString);
  }

  @Test
  void aClientCertificateIsTaken() {
    assertEquals(
        new ApiAccess.Credentials.Certificate(
            new Material.Given("CERT"), new Material.InFile(HOME.resolve("client.key"))),
        read(
                "server: \"https://[2001:db8::1]:6443/\", certificate-authority: ca.crt",
                "client-certificate-data: " + base64("CERT") + ", client-key: client.key")
            .credentials());
  }

  @Test
  void aKeyThatCannotBeReadIsRefusedWithARemedy() {
    String cluster = "server: \"https://192.0.2.1:6443\", certificate-authority: ca.crt";
    String refusal =
        refusal(
            cluster,
            "client-certificate: client.crt, client-key-data: "
                + base64("-----BEGIN RSA PRIVATE KEY-----\n" + SECRET));
    assertTrue(refusal.contains("'openssl pkcs8 -topk8 -nocrypt'"), refusal);
  }

  @Test
  void whatTheAgentDoesNotDoIsRefused() {
    String server = "server: \"https://192.0.2.1:6443\"";
    String whole = server + ", certificate-authority: ca.crt";
    assertTrue(
        refusal(whole, "exec: {command: aws}, token: " + SECRET)
            .contains("'kubectl create token'"));
    assertTrue(
        refusal(whole + ", insecure-skip-tls-verify: true", "token: " + SECRET)
            .contains("says 'insecure-skip-tls-verify' of the cluster"));
    assertEquals(
        "has no certificate-authority of the cluster", refusal(server, "token: " + SECRET));
    assertTrue(refusal(whole, "client-key: x").startsWith("has neither a token"));
    assertTrue(refusal(whole, "client-certificate-data: \"%\", client-key: x").contains("base64"));
    assertTrue(
        refusal("server: \"https://192.0.2.1/k8s/one\", certificate-authority: ca", "token: x")
            .contains("allowed"));
    assertTrue(
        refusal("server: \"http://192.0.2.1:80\", certificate-authority: ca", "token: x")
            .contains("https://HOST:PORT"));
    for (String text : List.of("", "[", "- a", "current-context: here", "{a: !!x [}")) {
      assertThrows(IllegalArgumentException.class, () -> KubeConfig.read(text, HOME), text);
    }
  }

  @Test
  void itStandsAlone() throws Exception {
    ConfigDirectory config =
        ConfigDirectory.minimal(root, "agent")
            .file(
                "kubeconfig",
                file(
                    "server: \"https://192.0.2.1:6443\", certificate-authority: ca.crt",
                    "token: " + SECRET))
            .agent("kubernetes.kubeconfig", "\"kubeconfig\"");
    ApiAccess access = config.read().kubernetes().orElseThrow().access().api();
    assertEquals(new Material.InFile(root.resolve("ca.crt")), access.authority());

    config.agent("kubernetes.server", "\"https://192.0.2.1:6443\"");
    String problems =
        String.valueOf(assertThrows(ConfigException.class, config::read).getMessage());
    assertTrue(problems.contains("kubernetes.server: is said by kubernetes.kubeconfig"), problems);
  }
}
