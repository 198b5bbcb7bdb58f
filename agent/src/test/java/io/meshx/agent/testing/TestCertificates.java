// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for tests. */
public final class TestCertificates {
  private static final X500Name ROOT = new X500Name("CN=root of a test");
  private final KeyPair rootKeys = keys();
  private final KeyPair leafKeys = keys();

  /** A leaf in DER that names a URI. */
  public byte[] leaf(String uri, long serial, Instant notBefore, Instant notAfter) {
    try {
      return builder(new X500Name("CN=leaf"), serial, notBefore, notAfter, leafKeys)
          .addExtension(
              Extension.subjectAlternativeName,
              true,
              new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)))
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(rootKeys.getPrivate()))
          .getEncoded();
    } catch (OperatorCreationException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A certificate in DER for somebody who is told by the name in it, for an hour from now. */
  public byte[] named(String name, Instant now) {
    return loopback(new X500Name(name), 3, now);
  }

  /** A certificate in DER for a server on the loopback address, for an hour from now. */
  public byte[] loopbackServer(Instant now) {
    return loopback(new X500Name("CN=server"), 2, now);
  }

  /** What a TLS server needs that shows a leaf of these. */
  public SSLContext server(byte[] leaf) throws IOException, GeneralSecurityException {
    char[] password = {};
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, password);
    store.setKeyEntry(
        "server",
        leafKeys.getPrivate(),
        password,
        new Certificate[] {
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(leaf))
        });
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    return tls;
  }

  private byte[] loopback(X500Name name, long serial, Instant now) {
    try {
      return builder(name, serial, now.minusSeconds(60), now.plusSeconds(3600), leafKeys)
          .addExtension(
              Extension.subjectAlternativeName,
              false,
              new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")))
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(rootKeys.getPrivate()))
          .getEncoded();
    } catch (OperatorCreationException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The root in DER, self-signed, for an hour from now, for at most one CA below it. */
  public byte[] root(Instant now) {
    try {
      return builder(ROOT, 1, now.minusSeconds(60), now.plus(Duration.ofHours(1)), rootKeys)
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(1))
          .addExtension(
              Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(rootKeys.getPrivate()))
          .getEncoded();
    } catch (OperatorCreationException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The leaves' private key in PKCS#8 DER. */
  public byte[] leafKey() {
    return leafKeys.getPrivate().getEncoded();
  }

  /** The root's private key in PKCS#8 DER. */
  public byte[] rootKey() {
    return rootKeys.getPrivate().getEncoded();
  }

  /** The PEM form of some DER. */
  public static String pem(String type, byte[] der) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + type + "-----\n" + base64 + "\n-----END " + type + "-----\n";
  }

  private static X509v3CertificateBuilder builder(
      X500Name subject, long serial, Instant notBefore, Instant notAfter, KeyPair keys) {
    return new X509v3CertificateBuilder(
        ROOT,
        BigInteger.valueOf(serial),
        Date.from(notBefore),
        Date.from(notAfter),
        subject,
        SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
