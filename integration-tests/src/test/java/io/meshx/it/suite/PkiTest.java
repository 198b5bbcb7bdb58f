// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Pki;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The certificates are what Linkerd and SPIRE accept. */
final class PkiTest {
  @Test
  void aLeafHasItsNamesAndVerifiesUnderTheAnchor() throws Exception {
    Pki pki = Pki.create("root.linkerd.cluster.local");
    Pki.Credential leaf = pki.issue(Duration.ofHours(1), "a.example", "b.example");
    leaf.certificate().verify(pki.anchor().certificate().getPublicKey());
    leaf.certificate().checkValidity();
    assertEquals(
        List.of(List.of(2, "a.example"), List.of(2, "b.example")),
        List.copyOf(leaf.certificate().getSubjectAlternativeNames()));
    assertEquals(-1, leaf.certificate().getBasicConstraints());
    assertEquals(1, pki.anchor().certificate().getBasicConstraints());
  }

  @Test
  void keysAreWrittenForTheirOwnerOnly(@TempDir Path directory) throws Exception {
    Path key = directory.resolve("anchor.key");
    Pki.create("x").anchor().write(directory.resolve("anchor.pem"), key);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
    assertTrue(Files.readString(key).startsWith("-----BEGIN PRIVATE KEY-----"));
  }
}
