// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file;

import io.meshx.agent.model.Digest;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file or directory as it is.
 *
 * @param path absolute
 * @param owner user that owns it; {@link #UNKNOWN_OWNER} if its name cannot be said
 * @param mode permission bits, 0 to 07777
 * @param content digest of what the file holds; empty for a directory
 */
public record FileState(Path path, UserName owner, int mode, Optional<Digest> content) {
  /** Stands for an owner that has no name, or none that we could ever want. */
  public static final UserName UNKNOWN_OWNER = new UserName("_unknown");
}
