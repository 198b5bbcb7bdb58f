// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads PEM certificates. */
final class Certificates {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----");
  private static final Pattern KEY = Pattern.compile("-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----");

  private Certificates() {}

  /**
   * The certificates alone, without comments, keys and foreign line ends; empty if there is none or
   * one cannot be read or all have expired, and then that is a finding.
   *
   * <p>One that has expired beside others is no finding: while a root is rotated, the old one
   * outlives its validity in every bundle. Neither is one that is not valid yet: at boot a clock
   * may be behind.
   *
   * @param file for the text of findings
   * @param blame where the file is named
   * @param key the key that names it
   */
  static Optional<String> read(
      String text, String file, Place blame, String key, Instant now, Findings findings) {
    List<X509Certificate> certificates = new ArrayList<>();
    StringBuilder clean = new StringBuilder();
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      try {
        byte[] der = Base64.getMimeDecoder().decode(block.group(1));
        certificates.add(
            (X509Certificate)
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(der)));
        clean
            .append("-----BEGIN CERTIFICATE-----\n")
            .append(
                Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                    .encodeToString(der))
            .append("\n-----END CERTIFICATE-----\n");
      } catch (CertificateException | IllegalArgumentException e) {
        findings.add(
            blame,
            key,
            "'"
                + file
                + "': certificate "
                + (certificates.size() + 1)
                + " cannot be read: "
                + e.getMessage());
        return Optional.empty();
      }
    }
    if (certificates.isEmpty()) {
      findings.add(
          blame,
          key,
          "'" + file + "' holds no certificate; allowed: PEM text with BEGIN CERTIFICATE");
      return Optional.empty();
    }
    Optional<Instant> last =
        certificates.stream().map(each -> each.getNotAfter().toInstant()).max(Instant::compareTo);
    if (last.isPresent() && last.get().isBefore(now)) {
      findings.add(
          blame,
          key,
          "'"
              + file
              + "' holds no certificate that is still valid; the last expired at "
              + last.get());
      return Optional.empty();
    }
    return Optional.of(clean.toString());
  }

  /** Whether there is one in PKCS #8 form (RFC 7468, section 10). */
  static boolean holdsPkcs8Key(String text) {
    return text.contains("-----BEGIN PRIVATE KEY-----");
  }

  /** Whether there is a private key in PEM form. */
  static boolean holdsKey(String text) {
    return KEY.matcher(text).find();
  }
}
