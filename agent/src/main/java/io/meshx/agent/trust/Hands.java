// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trust;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * In whose hands a file is. Root may do anything, and this process's own user is who asks; about
 * all others there is an objection, in words that follow the file's name and end with the command
 * that helps.
 */
public final class Hands {
  private static final Logger LOG = LoggerFactory.getLogger(Hands.class);
  private static final Path SELF = Path.of("/proc/self/stat");
  private static final int ROOT = 0;

  /** As many as the kernel follows (path_resolution(7)). */
  private static final int MOST_LINKS = 40;

  private static final int STICKY = 01000;
  private static final int GROUP_WRITES = 0020;
  private static final int OTHERS_WRITE = 0002;
  private static final int OTHERS_READ = 0004;
  private static final int PERMISSIONS = 07777;

  private Hands() {}

  /**
   * Who else may put something else where a path leads: by writing the file, by replacing it or a
   * directory on the way to it, or by turning a symbolic link on the way. In a directory like
   * {@code /tmp} (sticky) nobody replaces what belongs to others.
   *
   * @param path absolute
   * @return nothing if nobody can, or if no file is there
   * @throws IOException if something on the way cannot be looked at
   */
  public static Optional<String> replaceable(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      return Optional.empty();
    }
    try {
      return objection(path.normalize(), 0);
    } catch (NoSuchFileException e) {
      LOG.trace("gone meanwhile", e);
      return Optional.empty();
    }
  }

  /**
   * Whether everybody may read a file.
   *
   * @return nothing if not, or if no file is there
   * @throws IOException if it cannot be looked at
   */
  public static Optional<String> readable(Path file) throws IOException {
    try {
      int mode = (Integer) Files.getAttribute(file, "unix:mode") & PERMISSIONS;
      return (mode & OTHERS_READ) == 0 || !Files.isRegularFile(file)
          ? Optional.empty()
          : Optional.of(
              "may be read by everybody (mode " + octal(mode) + "); 'chmod go= " + file + "'");
    } catch (NoSuchFileException e) {
      LOG.trace("nothing is there", e);
      return Optional.empty();
    }
  }

  private static Optional<String> objection(Path path, int links) throws IOException {
    int self = number(SELF, "uid");
    int names = path.getNameCount();
    for (int length = 1; length <= names; length++) {
      Path place = path.getRoot().resolve(path.subpath(0, length));
      Optional<String> who = changes(place, self);
      if (who.isPresent()) {
        return Optional.of(
            (place.equals(path) ? "" : "is in '" + place + "', which ")
                + "may be changed by "
                + who.get());
      }
      if (Files.isSymbolicLink(place)) {
        if (links == MOST_LINKS) {
          throw new FileSystemLoopException(path.toString());
        }
        // What is before it has no link, or it would not have come so far.
        Path target = place.resolveSibling(Files.readSymbolicLink(place)).normalize();
        return objection(
            length < names ? target.resolve(path.subpath(length, names)) : target, links + 1);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> changes(Path place, int self) throws IOException {
    int uid = number(place, "uid");
    int mode = number(place, "mode") & PERMISSIONS;
    if (uid != ROOT && uid != self) {
      return Optional.of("its owner, user " + uid + "; 'chown root " + place + "'");
    }
    // A link has no mode of its own, and in a sticky directory everybody minds what is his.
    if (Files.isSymbolicLink(place) || (Files.isDirectory(place) && (mode & STICKY) != 0)) {
      return Optional.empty();
    }
    if ((mode & OTHERS_WRITE) != 0) {
      return Optional.of("everybody" + writable(place, mode));
    }
    int gid = number(place, "gid");
    return (mode & GROUP_WRITES) != 0 && gid != ROOT
        ? Optional.of("group " + gid + writable(place, mode))
        : Optional.empty();
  }

  private static String writable(Path place, int mode) {
    return " (mode " + octal(mode) + "); 'chmod go-w " + place + "'";
  }

  // The view "unix" has the numbers and all mode bits; "posix" has neither.
  private static int number(Path place, String attribute) throws IOException {
    return (Integer) Files.getAttribute(place, "unix:" + attribute, NOFOLLOW_LINKS);
  }

  private static String octal(int mode) {
    return String.format("%04o", mode);
  }
}
