// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import io.meshx.agent.config.JoinFile;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What somebody who joins a host has said; what they have not is left as it was.
 *
 * @param server the SPIRE server
 * @param trustDomain the mesh's
 * @param trustBundle PEM text by which the SPIRE server is recognised
 * @param trustAnchors PEM text of the mesh's roots
 * @param attestor name of the node attestor
 * @param token a join token
 * @param certificate file for the attestor x509pop
 * @param privateKey file for the attestor x509pop
 * @param name of the host
 * @param addresses of the host
 * @param others other keys with their values as they were written
 */
public record Options(
    Optional<HostPort> server,
    Optional<TrustDomain> trustDomain,
    Optional<String> trustBundle,
    Optional<String> trustAnchors,
    Optional<String> attestor,
    Optional<String> token,
    Optional<Path> certificate,
    Optional<Path> privateKey,
    Optional<WorkloadName> name,
    List<IpAddress> addresses,
    Map<String, String> others) {
  /** Where copies of files lie, in the configuration directory: the originals may go away. */
  static final Path COPIES = Path.of("join");

  static final Path BUNDLE = COPIES.resolve("trust-bundle.pem");
  static final Path ANCHORS = COPIES.resolve("trust-anchors.pem");
  static final Path TOKEN = COPIES.resolve("token");

  static final String ADDRESSES = "host.addresses";
  static final String CONFIRM_WITHIN = "firewall.confirm_within";
  static final String TRUST_ANCHORS = "mesh.trust_anchors";
  private static final String ATTESTOR = "spire.attestor";

  /** Keeps copies. */
  public Options {
    addresses = List.copyOf(addresses);
    others = Map.copyOf(others);
  }

  /** The file with all that was said, now and before. */
  JoinFile file(JoinFile before) {
    JoinFile file = before;
    if (attestor.isPresent()) {
      // What another attestor needs is an error beside this one.
      file =
          file.without(
                  key -> key.equals("spire.token_file") || key.matches("spire\\.[a-z0-9_]+\\..*"))
              .withText(ATTESTOR, attestor.get());
    }
    if (server.isPresent()) {
      file = file.withText("spire.server", server.get().toString());
    }
    if (trustDomain.isPresent()) {
      file = file.withText("mesh.trust_domain", trustDomain.get().text());
    }
    if (trustBundle.isPresent()) {
      file = file.withText("spire.trust_bundle", BUNDLE.toString());
    }
    if (trustAnchors.isPresent()) {
      file = file.withText(TRUST_ANCHORS, ANCHORS.toString());
    }
    if (token.isPresent()) {
      file = file.withText("spire.token_file", TOKEN.toString());
    }
    if (certificate.isPresent()) {
      file = file.withText("spire.x509pop.certificate", certificate.get().toString());
    }
    if (privateKey.isPresent()) {
      file = file.withText("spire.x509pop.private_key", privateKey.get().toString());
    }
    if (name.isPresent()) {
      file = file.withText("host.name", name.get().text());
    }
    if (!addresses.isEmpty()) {
      file = file.withTexts(ADDRESSES, addresses.stream().map(IpAddress::toString).toList());
    }
    for (Map.Entry<String, String> other : others.entrySet()) {
      file = file.withWritten(other.getKey(), other.getValue());
    }
    return file;
  }
}
