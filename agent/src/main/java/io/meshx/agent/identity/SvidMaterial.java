// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;

/**
 * An SVID with its private key, to be handed to the process that it is for. Made only of a key and
 * a certificate that belong together. Its text form shows neither.
 */
public final class SvidMaterial {
  private static final byte[] LINE = "\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SAMPLE = "does the key belong to it".getBytes(StandardCharsets.UTF_8);

  private final String serial;
  private final String certificates;
  private final String key;

  private SvidMaterial(String serial, String certificates, String key) {
    this.serial = serial;
    this.certificates = certificates;
    this.key = key;
  }

  /**
   * Reads it.
   *
   * @param certificates DER, leaf first
   * @param key PKCS#8 DER
   * @throws CertificateException if either cannot be read, or they do not belong together
   */
  public static SvidMaterial of(byte[] certificates, byte[] key) throws CertificateException {
    Collection<? extends Certificate> chain =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(certificates));
    if (chain.isEmpty() || !(chain.iterator().next() instanceof X509Certificate leaf)) {
      throw new CertificateException("there is no certificate");
    }
    if (!belongTogether(leaf, key)) {
      throw new CertificateException("the private key is not the one of the certificate");
    }
    StringBuilder pem = new StringBuilder();
    for (Certificate each : chain) {
      pem.append(pem("CERTIFICATE", each.getEncoded()));
    }
    return new SvidMaterial(
        leaf.getSerialNumber().toString(16), pem.toString(), pem("PRIVATE KEY", key));
  }

  private static boolean belongTogether(X509Certificate leaf, byte[] key)
      throws CertificateException {
    String algorithm = leaf.getPublicKey().getAlgorithm();
    try {
      PrivateKey secret =
          KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(key));
      Signature signature =
          Signature.getInstance(algorithm.equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
      signature.initSign(secret);
      signature.update(SAMPLE);
      byte[] signed = signature.sign();
      signature.initVerify(leaf.getPublicKey());
      signature.update(SAMPLE);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("its private key cannot be used: " + e.getMessage(), e);
    }
  }

  private static String pem(String type, byte[] der) {
    return "-----BEGIN "
        + type
        + "-----\n"
        + Base64.getMimeEncoder(64, LINE).encodeToString(der)
        + "\n-----END "
        + type
        + "-----\n";
  }

  /** Serial number of the leaf, in hexadecimal. */
  public String serial() {
    return serial;
  }

  /** The leaf and what lies between it and a root, as PEM text. */
  public String certificates() {
    return certificates;
  }

  /** The private key as PEM text (PKCS#8). */
  public String key() {
    return key;
  }

  @Override
  public String toString() {
    return "SVID with key, serial " + serial;
  }
}
