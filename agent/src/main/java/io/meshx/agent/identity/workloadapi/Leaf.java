// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import io.meshx.agent.model.SpiffeId;
import java.io.InputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the agent wants to know of a leaf certificate.
 *
 * @param serial serial number in hexadecimal
 * @param notBefore start of its validity
 * @param notAfter end of its validity
 */
record Leaf(String serial, Instant notBefore, Instant notAfter) {
  /** The type of a URI among subject alternative names (RFC 5280, section 4.2.1.6). */
  private static final Integer URI = 6;

  /** Reads certificates; loading it is a good part of the cost of the first one. */
  static final class Reader {
    private final CertificateFactory factory;

    Reader() {
      try {
        factory = CertificateFactory.getInstance("X.509");
      } catch (CertificateException e) {
        throw new IllegalStateException("every Java runtime has X.509", e);
      }
    }

    /**
     * Reads the first of some DER certificates.
     *
     * @throws CertificateException if it is no certificate, or one of another SPIFFE ID
     */
    Leaf read(SpiffeId expected, InputStream certificates) throws CertificateException {
      if (!(factory.generateCertificate(certificates) instanceof X509Certificate leaf)) {
        throw new CertificateException("there is no certificate");
      }
      List<String> uris = uris(leaf.getSubjectAlternativeNames());
      if (!uris.equals(List.of(expected.toString()))) {
        throw new CertificateException(
            "the certificate of '" + expected + "' names " + uris + " instead");
      }
      return new Leaf(
          leaf.getSerialNumber().toString(16),
          leaf.getNotBefore().toInstant(),
          leaf.getNotAfter().toInstant());
    }

    private static List<String> uris(@Nullable Collection<List<?>> names) {
      return names == null
          ? List.of()
          : names.stream()
              .filter(name -> URI.equals(name.get(0)))
              .map(name -> String.valueOf(name.get(1)))
              .toList();
    }
  }
}
