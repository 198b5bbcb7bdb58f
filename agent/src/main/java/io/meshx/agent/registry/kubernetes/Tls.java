// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.Material;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Trust in one authority, and perhaps a certificate of our own. */
final class Tls {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");

  private Tls() {}

  /**
   * The context for an access.
   *
   * @throws IOException if a file cannot be read, or does not hold what it should
   */
  static SSLContext context(ApiAccess access) throws IOException {
    try {
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store(access.authority()));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      char[] none = new char[0];
      keys.init(own(access.credentials(), none), none);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("making a TLS context: " + e.getMessage(), e);
    }
  }

  private static KeyStore store(Material authority) throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    int number = 0;
    for (Certificate certificate : certificates(authority)) {
      store.setCertificateEntry("authority-" + number, certificate);
      number++;
    }
    return store;
  }

  private static KeyStore own(ApiAccess.Credentials credentials, char[] password)
      throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    switch (credentials) {
      case ApiAccess.Credentials.Token _ -> {}
      case ApiAccess.Credentials.Certificate(Material certificate, Material key) ->
          store.setKeyEntry(
              "own", key(key), password, certificates(certificate).toArray(new Certificate[0]));
    }
    return store;
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Material from)
      throws IOException, GeneralSecurityException {
    InputStream in =
        new ByteArrayInputStream(MaterialText.read(from).getBytes(StandardCharsets.UTF_8));
    Collection<? extends Certificate> found =
        CertificateFactory.getInstance("X.509").generateCertificates(in);
    if (found.isEmpty()) {
      throw new IOException(from + " holds no certificate");
    }
    return found;
  }

  private static PrivateKey key(Material from) throws IOException, GeneralSecurityException {
    Matcher block = KEY.matcher(MaterialText.read(from));
    if (!block.find()) {
      throw new IOException(
          from
              + " holds no private key with BEGIN PRIVATE KEY; 'openssl pkcs8 -topk8 -nocrypt'"
              + " writes others so");
    }
    PKCS8EncodedKeySpec spec =
        new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(block.group(1)));
    InvalidKeySpecException refused = new InvalidKeySpecException("no algorithm");
    for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException e) {
        // It may be one of the next algorithm.
        refused = e;
      }
    }
    throw refused;
  }

  /** When a certificate of our own ends; empty if it cannot be read. */
  static Optional<Instant> expires(Material certificate) {
    try {
      for (Certificate each : certificates(certificate)) {
        if (each instanceof X509Certificate own) {
          return Optional.of(own.getNotAfter().toInstant());
        }
      }
      return Optional.empty();
    } catch (IOException | GeneralSecurityException e) {
      // A request says why it cannot be used.
      return Optional.empty();
    }
  }
}
