// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import io.meshx.agent.spire.NodeAttestor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** By what a SPIRE server will know a host that has proved itself. */
final class NodeSelectors {
  /** As {@link javax.security.auth.x500.X500Principal#getName()} writes it (RFC 2253). */
  private static final Pattern COMMON_NAME = Pattern.compile("(?:^|,)CN=([^,\\\\\"]+)(?:,|$)");

  private NodeSelectors() {}

  /**
   * One that tells the host apart, as far as it can be known on the host; empty otherwise.
   *
   * @throws IOException if the host's certificate cannot be read
   * @see <a href="https://github.com/spiffe/spire/tree/v1.15.3/doc">SPIRE,
   *     doc/plugin_server_nodeattestor_*.md, Selectors</a>
   */
  static Optional<String> of(NodeAttestor attestor) throws IOException {
    return switch (attestor) {
      case NodeAttestor.X509Pop pop ->
          commonName(pop.certificate()).map(name -> "x509pop:subject:cn:" + name);
      case NodeAttestor.HttpChallenge challenge ->
          Optional.of("http_challenge:hostname:" + challenge.hostname());
      case NodeAttestor.JoinToken _,
          NodeAttestor.SshPop _,
          NodeAttestor.TpmDevId _,
          NodeAttestor.AwsIid _,
          NodeAttestor.GcpIit _,
          NodeAttestor.AzureImds _ ->
          Optional.empty();
    };
  }

  private static Optional<String> commonName(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      X509Certificate certificate =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
      Matcher name = COMMON_NAME.matcher(certificate.getSubjectX500Principal().getName());
      return name.find() ? Optional.of(name.group(1)) : Optional.empty();
    } catch (CertificateException e) {
      throw new IOException("reading the certificate '" + file + "'", e);
    }
  }
}
