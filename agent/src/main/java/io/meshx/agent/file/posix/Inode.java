// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file.posix;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.meshx.agent.file.FileState;
import io.meshx.agent.model.UserName;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What stands at a path, no symbolic link followed.
 *
 * @param kind what it is
 * @param uid ID of its owner
 * @param gid ID of its group
 * @param ownerName name of its owner; its ID in digits if it has none
 * @param mode permission bits, 0 to 07777
 */
record Inode(Kind kind, int uid, int gid, String ownerName, int mode) {
  private static final int PERMISSIONS = 0xFFF;

  /** What can stand at a path; the text completes "it is". */
  enum Kind {
    FILE("a file"),
    DIRECTORY("a directory"),
    LINK("a symbolic link"),
    OTHER("neither a file nor a directory");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * Looks at a path, and at each directory on the way to it.
   *
   * @param path absolute
   * @return what stands there, or null if nothing does
   * @throws IOException if something on the way is no directory, or cannot be looked at
   */
  static @Nullable Inode at(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent != null) {
      Inode above = at(parent);
      if (above == null) {
        return null;
      }
      if (above.kind != Kind.DIRECTORY) {
        throw new FileSystemException(
            parent.toString(),
            null,
            "'" + parent + "' is " + above.kind + "; a directory is needed there");
      }
    }
    try {
      // The view "unix" has the numbers and all mode bits; "posix" has neither.
      Map<String, Object> unix =
          Files.readAttributes(path, "unix:uid,gid,owner,mode", NOFOLLOW_LINKS);
      return new Inode(
          kind(path),
          number(unix, "uid"),
          number(unix, "gid"),
          unix.get("owner") instanceof UserPrincipal owner ? owner.getName() : "",
          number(unix, "mode") & PERMISSIONS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static Kind kind(Path path) throws IOException {
    BasicFileAttributes basic =
        Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW_LINKS);
    if (basic.isRegularFile()) {
      return Kind.FILE;
    }
    if (basic.isDirectory()) {
      return Kind.DIRECTORY;
    }
    return basic.isSymbolicLink() ? Kind.LINK : Kind.OTHER;
  }

  private static int number(Map<String, Object> attributes, String name) throws IOException {
    if (attributes.get(name) instanceof Integer number) {
      return number;
    }
    throw new IOException("this file system tells no " + name);
  }

  /** The owner as a name that a file of ours could have. */
  UserName owner() {
    try {
      return new UserName(ownerName);
    } catch (IllegalArgumentException e) {
      // It is then another than any that is wanted, which is all that matters.
      return FileState.UNKNOWN_OWNER;
    }
  }
}
