// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file.posix;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.meshx.agent.file.FileState;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.host.Users;
import io.meshx.agent.host.Users.User;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of this host. No symbolic link is ever followed, neither at the end of a path nor on the
 * way to it; one that is met is an error that names it, except that it may be removed.
 *
 * <p>What is written is made first under a hidden name of its own beside its place, {@code
 * .NAME.new-RANDOM}. When content, owner and mode are right and on the disk, it is renamed. A write
 * that was cut short leaves its draft behind, which a look at our directories finds and the next
 * write takes away; one that is still being written is no part of the host yet and not seen.
 */
public final class PosixFiles implements HostFiles {
  private static final Logger LOG = LoggerFactory.getLogger(PosixFiles.class);
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Users users;
  private final List<Path> roots;

  /** What writes are making now. */
  private final Set<Path> drafts = ConcurrentHashMap.newKeySet();

  /**
   * Touches nothing yet.
   *
   * @param users where owners and their primary groups are looked up
   * @param roots absolute paths of the directories in which all that there is, is ours; they need
   *     not exist
   */
  public PosixFiles(Users users, List<Path> roots) {
    this.users = users;
    this.roots = List.copyOf(roots);
  }

  @Override
  public SortedMap<Path, FileState> observe(Set<Path> paths) throws FileFailed {
    TreeMap<Path, FileState> found = new TreeMap<>();
    for (Path path : paths) {
      look(path).ifPresent(state -> found.put(path, state));
    }
    for (Path root : roots) {
      if (look(root).isPresent()) {
        sweep(root, found);
      }
    }
    return found;
  }

  private void sweep(Path directory, SortedMap<Path, FileState> found) throws FileFailed {
    List<Path> children;
    try {
      children = Tree.children(directory);
    } catch (IOException e) {
      throw failed("looking at", directory, e);
    }
    for (Path child : children) {
      // Asked first: one that is complete by now is no longer at this path.
      Optional<FileState> state = drafts.contains(child) ? Optional.empty() : look(child);
      if (state.isPresent()) {
        found.put(child, state.get());
        if (state.get().content().isEmpty()) {
          sweep(child, found);
        }
      }
    }
  }

  private static Optional<FileState> look(Path path) throws FileFailed {
    try {
      Inode inode = Inode.at(path);
      if (inode == null) {
        return Optional.empty();
      }
      Optional<Digest> content =
          switch (inode.kind()) {
            case FILE -> Optional.of(digest(path));
            case DIRECTORY -> Optional.empty();
            case LINK, OTHER -> throw new IOException("it is " + inode.kind() + "; remove it");
          };
      return Optional.of(new FileState(path, inode.owner(), inode.mode(), content));
    } catch (NoSuchFileException e) {
      LOG.debug("gone meanwhile", e);
      return Optional.empty();
    } catch (IOException e) {
      throw failed("looking at", path, e);
    }
  }

  private static Digest digest(Path path) throws IOException {
    try (InputStream stream = Files.newInputStream(path, READ, NOFOLLOW_LINKS)) {
      return Digest.of(stream.readAllBytes());
    }
  }

  @Override
  public void write(HostFile file) throws HostException {
    User owner = users.lookUp(Set.of(file.owner())).get(file.owner());
    if (owner == null) {
      throw new FileFailed(
          "writing '" + file.path() + "'", "there is no user '" + file.owner() + "'", null);
    }
    try {
      if (file.content().isPresent()) {
        writeFile(file.path(), owner, file.mode(), file.content().get());
      } else {
        makeDirectory(file.path(), owner, file.mode());
      }
    } catch (IOException e) {
      throw failed("writing", file.path(), e);
    }
  }

  private void writeFile(Path path, User owner, int mode, String content) throws IOException {
    Inode there = Inode.at(path);
    if (there != null && there.kind() != Inode.Kind.FILE) {
      throw new IOException("it is " + there.kind() + "; a file is wanted there");
    }
    Path parent = parent(path);
    if (Inode.at(parent) == null) {
      throw new IOException("directory '" + parent + "' is missing");
    }
    Path draft = draft(path);
    try {
      try (FileChannel channel =
          FileChannel.open(draft, Set.of(WRITE, CREATE_NEW, NOFOLLOW_LINKS), PRIVATE_FILE)) {
        ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        own(draft, owner, mode);
        channel.force(true);
      }
      publish(draft, path);
    } finally {
      Files.deleteIfExists(draft);
      drafts.remove(draft);
    }
  }

  /** One at a time: a directory and one in it may be asked for at once, and both make the first. */
  private synchronized void makeDirectory(Path path, User owner, int mode) throws IOException {
    Inode there = Inode.at(path);
    if (there == null) {
      Path parent = parent(path);
      if (Inode.at(parent) == null) {
        makeDirectory(parent, owner, mode);
      }
      Path draft = draft(path);
      try {
        Files.createDirectory(draft, PRIVATE_DIRECTORY);
        own(draft, owner, mode);
        publish(draft, path);
      } finally {
        Files.deleteIfExists(draft);
        drafts.remove(draft);
      }
    } else if (there.kind() != Inode.Kind.DIRECTORY) {
      throw new IOException("it is " + there.kind() + "; a directory is wanted there");
    } else if (there.uid() != owner.uid() || there.gid() != owner.gid() || there.mode() != mode) {
      own(path, owner, mode);
    }
  }

  private static void own(Path path, User owner, int mode) throws IOException {
    Files.setAttribute(path, "unix:uid", owner.uid(), NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:gid", owner.gid(), NOFOLLOW_LINKS);
    // Last: a change of owner takes set-user-ID and set-group-ID bits away (chown(2)).
    Files.setAttribute(path, "unix:mode", mode, NOFOLLOW_LINKS);
  }

  private static void publish(Path draft, Path path) throws IOException {
    Files.move(draft, path, ATOMIC_MOVE);
    try (FileChannel directory = FileChannel.open(parent(path), READ)) {
      directory.force(true);
    }
  }

  @Override
  public void remove(Path path) throws FileFailed {
    try {
      if (Inode.at(path) != null) {
        Tree.remove(path);
      }
    } catch (IOException e) {
      throw failed("removing", path, e);
    }
  }

  private Path draft(Path path) throws IOException {
    Path parent = parent(path);
    String prefix = "." + path.getFileName() + ".new-";
    for (Path sibling : Tree.children(parent)) {
      if (parent.relativize(sibling).toString().startsWith(prefix) && !drafts.contains(sibling)) {
        Tree.remove(sibling);
      }
    }
    String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    Path draft = parent.resolve(prefix + random);
    drafts.add(draft);
    return draft;
  }

  private static Path parent(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IOException("it is the root directory");
    }
    return parent;
  }

  private static FileFailed failed(String verb, Path path, IOException e) {
    String reason = e instanceof FileSystemException refused ? refused.getReason() : e.getMessage();
    return new FileFailed(verb + " '" + path + "'", reason != null ? reason : e.toString(), e);
  }
}
