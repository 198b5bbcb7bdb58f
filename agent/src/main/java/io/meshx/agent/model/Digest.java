// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A short digest by which two texts are told apart.
 *
 * @param hex 16 hexadecimal digits
 */
public record Digest(String hex) {
  /** The digest of a text: the first 8 bytes of its SHA-256. */
  public static Digest of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The digest of bytes: the first 8 bytes of their SHA-256. */
  public static Digest of(byte[] bytes) {
    try {
      byte[] full = MessageDigest.getInstance("SHA-256").digest(bytes);
      return new Digest(HexFormat.of().formatHex(full, 0, 8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return hex;
  }
}
