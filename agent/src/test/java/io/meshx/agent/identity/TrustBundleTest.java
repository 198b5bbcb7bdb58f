// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.testing.TestCertificates;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TrustBundleTest {
  private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");

  private final byte[] one = new TestCertificates().root(NOW);
  private final byte[] two = new TestCertificates().root(NOW);

  private static TrustBundle bundle(byte[]... der) throws CertificateException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] each : der) {
      all.writeBytes(each);
    }
    return TrustBundle.read(new ByteArrayInputStream(all.toByteArray()));
  }

  @Test
  void rootsInAnotherOrderAreTheSameBundle() throws CertificateException {
    assertEquals(bundle(one, two), bundle(two, one));
    assertEquals(bundle(one, two).pem(), bundle(two, one, two).pem());
  }

  @Test
  void pemGivesTheSameRootsAsDer() throws CertificateException {
    TrustBundle both = bundle(one, two);

    assertEquals(both, TrustBundle.of(both.pem()));
    assertEquals(
        bundle(one), TrustBundle.of("a comment\n" + TestCertificates.pem("CERTIFICATE", one)));
  }

  @Test
  void saysWhatAnotherLacks() throws CertificateException {
    assertEquals(
        List.of("'CN=root of a test' (serial 1, until 2027-01-01T01:00:00Z)"),
        bundle(one, two).without(bundle(one)).stream().map(Object::toString).toList());
    assertEquals(List.of(), bundle(one).without(bundle(one, two)));
  }

  @Test
  void nothingIsNoBundle() {
    assertThrows(CertificateException.class, () -> bundle(new byte[0]));
    assertThrows(CertificateException.class, () -> bundle(new byte[] {1, 2, 3}));
    assertThrows(IllegalArgumentException.class, () -> TrustBundle.of(""));
  }
}
