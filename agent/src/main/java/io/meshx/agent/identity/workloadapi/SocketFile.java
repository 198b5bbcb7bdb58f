// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;

/**
 * By what a socket file is told from the one that was at its path before: a SPIRE agent that starts
 * removes the old one and makes its own.
 *
 * @param key device and inode
 * @param made when it was made
 */
record SocketFile(Object key, FileTime made) {
  /**
   * The file at a path.
   *
   * @throws IOException if there is none, or it cannot be looked at
   */
  static SocketFile at(Path path) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    return new SocketFile(
        Objects.requireNonNull(attributes.fileKey(), "every Unix file has a key"),
        attributes.lastModifiedTime());
  }
}
