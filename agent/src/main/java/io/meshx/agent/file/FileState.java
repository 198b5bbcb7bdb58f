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
 * @param owner user that owns it
 * @param mode permission bits
 * @param content digest of what the file holds; empty for a directory
 */
public record FileState(Path path, UserName owner, int mode, Optional<Digest> content) {}
