// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads files that the configuration consists of or names. */
final class SourceText {
  /** More than any configuration needs; larger files are refused unread. */
  static final int MOST_BYTES = 1 << 20;

  private SourceText() {}

  /**
   * The text of a file; empty if it cannot be read, and then that is a finding.
   *
   * @param file the file to read
   * @param blame where it is named; the file itself if nothing names it
   * @param key the key that names it, or ""
   */
  static Optional<String> read(Path file, Place blame, String key, Findings findings) {
    String subject = key.isEmpty() ? "" : "'" + file + "' ";
    Optional<byte[]> bytes = bytes(file, subject, blame, key, findings);
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes.get());
    CharBuffer out = CharBuffer.allocate(in.remaining());
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      int line = 1 + (int) out.flip().chars().filter(c -> c == '\n').count();
      findings.add(
          key.isEmpty() ? blame.at(line) : blame,
          key,
          subject + "is not UTF-8 in line " + line + "; save it as UTF-8 text");
      return Optional.empty();
    }
    return Optional.of(out.flip().toString());
  }

  private static Optional<byte[]> bytes(
      Path file, String subject, Place blame, String key, Findings findings) {
    String wrong;
    try {
      if (Files.isDirectory(file)) {
        wrong = "is a directory; a file is expected here";
      } else if (Files.exists(file) && !Files.isRegularFile(file)) {
        wrong = "is a pipe, a socket or a device; a file is expected here";
      } else {
        try (InputStream in = Files.newInputStream(file)) {
          byte[] bytes = in.readNBytes(MOST_BYTES + 1);
          if (bytes.length <= MOST_BYTES) {
            return Optional.of(bytes);
          }
        }
        wrong = "is larger than 1 MiB (" + MOST_BYTES + " bytes); is this the right file?";
      }
    } catch (NoSuchFileException e) {
      wrong =
          key.isEmpty()
              ? "does not exist; create it with at least mesh.trust_domain, mesh.trust_anchors and"
                  + " host.addresses"
              : "does not exist; name a file that does";
    } catch (AccessDeniedException e) {
      wrong = "cannot be read: permission denied; run as root or change its mode";
    } catch (IOException e) {
      wrong = "cannot be read: " + e.getMessage();
    }
    findings.add(blame, key, subject + wrong);
    return Optional.empty();
  }
}
