// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file;

import io.meshx.agent.model.Digest;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file or directory of ours that is wanted. Its text form never shows the content.
 *
 * @param path absolute
 * @param owner user that owns it, and whose primary group does
 * @param mode permission bits, such as {@code 0600}
 * @param content what the file holds; empty for a directory
 */
public record HostFile(Path path, UserName owner, int mode, Optional<String> content) {
  /** A wanted file. */
  public static HostFile file(Path path, UserName owner, int mode, String content) {
    return new HostFile(path, owner, mode, Optional.of(content));
  }

  /** A wanted directory; its parents are made like it if they are missing. */
  public static HostFile directory(Path path, UserName owner, int mode) {
    return new HostFile(path, owner, mode, Optional.empty());
  }

  /** How it is observed when it is as wanted. */
  public FileState state() {
    return new FileState(path, owner, mode, content.map(Digest::of));
  }

  @Override
  public String toString() {
    return state().toString();
  }
}
