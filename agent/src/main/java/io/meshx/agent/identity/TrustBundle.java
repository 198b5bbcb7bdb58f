// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The root certificates of a trust domain. Equal bundles have the same roots, in whatever order
 * they came.
 *
 * @param roots by their PEM form
 */
public record TrustBundle(SortedMap<String, Root> roots) {
  private static final byte[] LINE = "\n".getBytes(StandardCharsets.US_ASCII);

  /** Keeps a copy. */
  public TrustBundle {
    roots = Collections.unmodifiableSortedMap(new TreeMap<>(roots));
  }

  /**
   * One root.
   *
   * @param subject its name (RFC 2253)
   * @param serial its serial number in hexadecimal
   * @param notAfter end of its validity
   */
  public record Root(String subject, String serial, Instant notAfter) {
    @Override
    public String toString() {
      return "'" + subject + "' (serial " + serial + ", until " + notAfter + ")";
    }
  }

  /**
   * Reads certificates, in DER one after the other or in PEM.
   *
   * @throws CertificateException if there is none, or one cannot be read
   */
  public static TrustBundle read(InputStream certificates) throws CertificateException {
    TreeMap<String, Root> roots = new TreeMap<>();
    for (Certificate each :
        CertificateFactory.getInstance("X.509").generateCertificates(certificates)) {
      X509Certificate certificate = (X509Certificate) each;
      String text = Base64.getMimeEncoder(64, LINE).encodeToString(certificate.getEncoded());
      roots.put(
          "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n",
          new Root(
              certificate.getSubjectX500Principal().getName(),
              certificate.getSerialNumber().toString(16),
              certificate.getNotAfter().toInstant()));
    }
    if (roots.isEmpty()) {
      throw new CertificateException("the trust bundle is empty");
    }
    return new TrustBundle(roots);
  }

  /**
   * The bundle of PEM text that was read before.
   *
   * @throws IllegalArgumentException if it was not
   */
  public static TrustBundle of(String pem) {
    try {
      return read(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    } catch (CertificateException e) {
      throw new IllegalArgumentException("these are no certificates", e);
    }
  }

  /** All roots as PEM text; equal bundles give the same text. */
  public String pem() {
    return String.join("", roots.keySet());
  }

  /** The roots of this one that another lacks. */
  public List<Root> without(TrustBundle other) {
    return roots.entrySet().stream()
        .filter(root -> !other.roots.containsKey(root.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }
}
