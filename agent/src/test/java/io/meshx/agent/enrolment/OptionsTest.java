// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.config.JoinFile;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OptionsTest {
  private static final Options NOTHING =
      new Options(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          Map.of());

  @TempDir private Path directory;

  private JoinFile empty() throws Exception {
    return JoinFile.read(directory);
  }

  @Test
  void nothingSaidChangesNothing() throws Exception {
    JoinFile before = empty().withText("spire.server", "a:1");

    assertEquals(before.text(), NOTHING.file(before).text());
  }

  @Test
  void allThatIsSaidIsKept() throws Exception {
    Options all =
        new Options(
            Optional.of(HostPort.parse("spire:8081")),
            Optional.of(new TrustDomain("example.org")),
            Optional.of("PEM"),
            Optional.of("PEM"),
            Optional.of("x509pop"),
            Optional.empty(),
            Optional.of(Path.of("/pki/host.crt")),
            Optional.of(Path.of("/pki/host.key")),
            Optional.of(new WorkloadName("vm1")),
            List.of(IpAddress.parse("192.0.2.1")),
            Map.of("network.via", "192.0.2.254"));

    assertEquals(
        """
        # Written by 'meshx join', which replaces it; 'meshx leave' removes it.
        host.addresses = ["192.0.2.1"]
        host.name = "vm1"
        mesh.trust_anchors = "join/trust-anchors.pem"
        mesh.trust_domain = "example.org"
        network.via = "192.0.2.254"
        spire.attestor = "x509pop"
        spire.server = "spire:8081"
        spire.trust_bundle = "join/trust-bundle.pem"
        spire.x509pop.certificate = "/pki/host.crt"
        spire.x509pop.private_key = "/pki/host.key"
        """,
        all.file(empty()).text());
  }

  @Test
  void theTokenItselfIsNotKeptInTheConfiguration() throws Exception {
    Options token =
        new Options(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of("a-secret"),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Map.of());

    assertEquals(
        empty().withText("spire.token_file", "join/token").text(), token.file(empty()).text());
  }

  @Test
  void whatAnotherAttestorNeededGoes() throws Exception {
    JoinFile before =
        empty()
            .withText("spire.attestor", "x509pop")
            .withText("spire.x509pop.certificate", "/pki/host.crt")
            .withText("spire.token_file", "old")
            .withText("spire.server", "a:1");
    Options other =
        new Options(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of("aws_iid"),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Map.of());

    assertEquals(
        empty().withText("spire.attestor", "aws_iid").withText("spire.server", "a:1").text(),
        other.file(before).text());
  }
}
