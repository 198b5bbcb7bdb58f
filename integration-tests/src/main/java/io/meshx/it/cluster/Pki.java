// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cluster;

import io.meshx.it.exec.LabException;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/**
 * A trust anchor of its own and certificates under it: ECDSA on P-256, as Linkerd and SPIRE use.
 * The anchor allows one authority below it, which SPIRE's server needs.
 */
public final class Pki {
  private static final Duration BACKDATED = Duration.ofMinutes(1);
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * A certificate and its key.
   *
   * @param key its PEM holds PKCS#8
   */
  public record Credential(X509Certificate certificate, PrivateKey key) {
    /** The certificate as PEM. */
    public String certificatePem() {
      try {
        return pem("CERTIFICATE", certificate.getEncoded());
      } catch (GeneralSecurityException e) {
        throw new LabException("encoding a certificate", e);
      }
    }

    /** The key as PEM, unencrypted PKCS#8. */
    public String keyPem() {
      return pem("PRIVATE KEY", key.getEncoded());
    }

    /** Writes both as PEM, the key for its owner only. */
    public void write(Path certificateFile, Path keyFile) {
      try {
        Files.writeString(certificateFile, certificatePem());
        Files.deleteIfExists(keyFile);
        Files.createFile(
            keyFile,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(keyFile, keyPem());
      } catch (IOException e) {
        throw new LabException(
            "writing a certificate to '%s' and its key to '%s'".formatted(certificateFile, keyFile),
            e);
      }
    }

    @Override
    public String toString() {
      return "certificate of " + certificate.getSubjectX500Principal();
    }
  }

  private final Credential anchor;

  private Pki(Credential anchor) {
    this.anchor = anchor;
  }

  /** A new trust anchor of the given common name, good for ten years. */
  public static Pki create(String commonName) {
    try {
      KeyPair keys = keys();
      X500Principal name = new X500Principal("CN=" + commonName);
      JcaX509v3CertificateBuilder builder = builder(name, name, keys, Duration.ofDays(3650));
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(1));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
      return new Pki(sign(builder, keys, keys.getPrivate()));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new LabException("making the trust anchor '" + commonName + "'", e);
    }
  }

  /** The anchor itself, with its key. */
  public Credential anchor() {
    return anchor;
  }

  /** A new certificate under the anchor for a server and client of these DNS names. */
  public Credential issue(Duration validity, String... names) {
    try {
      KeyPair keys = keys();
      X500Principal subject = new X500Principal("CN=" + names[0]);
      JcaX509v3CertificateBuilder builder =
          builder(anchor.certificate().getSubjectX500Principal(), subject, keys, validity);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(
              List.of(names).stream()
                  .map(name ->
                      new GeneralName(
                          name.matches("[0-9.]+") ? GeneralName.iPAddress : GeneralName.dNSName,
                          name))
                  .toArray(GeneralName[]::new)));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(anchor.certificate()));
      return sign(builder, keys, anchor.key());
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new LabException("issuing a certificate for " + List.of(names), e);
    }
  }

  private static KeyPair keys() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
    return generator.generateKeyPair();
  }

  private static JcaX509v3CertificateBuilder builder(
      X500Principal issuer, X500Principal subject, KeyPair keys, Duration validity) {
    Instant from = Instant.now().minus(BACKDATED);
    return new JcaX509v3CertificateBuilder(
        issuer,
        new BigInteger(120, RANDOM).setBit(120),
        Date.from(from),
        Date.from(from.plus(BACKDATED).plus(validity)),
        subject,
        keys.getPublic());
  }

  private static Credential sign(JcaX509v3CertificateBuilder builder, KeyPair keys, PrivateKey by)
      throws GeneralSecurityException, OperatorCreationException {
    ContentSigner signer = new JcaContentSignerBuilder("SHA256withECDSA").build(by);
    X509Certificate certificate =
        new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    return new Credential(certificate, keys.getPrivate());
  }

  private static String pem(String type, byte[] content) {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      writer.writeObject(new PemObject(type, content));
    } catch (IOException e) {
      throw new LabException("writing PEM", e);
    }
    return text.toString();
  }
}
