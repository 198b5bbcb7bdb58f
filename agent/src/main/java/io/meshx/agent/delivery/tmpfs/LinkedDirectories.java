// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.delivery.tmpfs;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.delivery.Deliveries;
import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each SVID in a directory of its own, {@code ROOT/WORKLOAD/VERSION}. What the workload is told to
 * look at is a symbolic link to the newest, which is renamed into its place, so there is never a
 * moment with neither or with half of one. A file {@code at} beside the versions says where the
 * link is.
 */
public final class LinkedDirectories implements Deliveries {
  private static final Logger LOG = LoggerFactory.getLogger(LinkedDirectories.class);
  private static final UserName ROOT_USER = new UserName("root");
  private static final String AT = "at";

  /** Written last, so that a directory with it is complete. */
  private static final String COMPLETE = ".complete";

  private static final String BEFORE_START = "before the start";
  private static final String WHILE_IT_RAN = "while it ran";

  private final Path root;
  private final HostFiles files;

  /**
   * Touches nothing yet.
   *
   * @param root directory on a file system in memory; its parent exists
   * @param files how files are written
   */
  public LinkedDirectories(Path root, HostFiles files) {
    this.root = root;
    this.files = files;
  }

  @Override
  public SortedMap<WorkloadName, Delivered> observe() throws HostException {
    TreeMap<WorkloadName, Delivered> found = new TreeMap<>();
    try {
      for (Path own : children(root)) {
        Path at = own.resolve(AT);
        if (Files.exists(at, NOFOLLOW_LINKS)) {
          found.put(
              new WorkloadName(String.valueOf(own.getFileName())),
              delivered(own, Path.of(Files.readString(at))));
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw failed("looking at", root, e);
    }
    return found;
  }

  private static Delivered delivered(Path own, Path link) throws IOException {
    Optional<Path> target = target(link);
    if (target.isPresent() && own.equals(target.get().getParent())) {
      Path complete = target.get().resolve(COMPLETE);
      if (Files.exists(complete, NOFOLLOW_LINKS)) {
        return new Delivered(
            link,
            String.valueOf(target.get().getFileName()),
            Files.readString(complete).equals(BEFORE_START));
      }
    }
    return new Delivered(link, "", false);
  }

  private static Optional<Path> target(Path link) throws IOException {
    try {
      return Optional.of(Files.readSymbolicLink(link));
    } catch (NoSuchFileException | NotLinkException e) {
      LOG.debug("no link of ours", e);
      return Optional.empty();
    }
  }

  @Override
  public void deliver(Delivery delivery, SvidMaterial svid, TrustBundle bundle, boolean beforeStart)
      throws HostException {
    Path own = root.resolve(delivery.workload().text());
    Path link = delivery.directory();
    Path version = own.resolve(delivery.version(svid.serial(), bundle));
    try {
      if (Files.exists(link, NOFOLLOW_LINKS) && !Files.isSymbolicLink(link)) {
        throw new IOException(
            "there is something else; remove it, or choose another svid.directory");
      }
      Path parent = link.getParent();
      if (parent == null || !Files.isDirectory(parent)) {
        throw new IOException(
            "directory '" + parent + "' does not exist; make it, or choose another svid.directory");
      }
      files.write(HostFile.directory(root, ROOT_USER, 0755));
      files.write(HostFile.directory(own, ROOT_USER, 0755));
      Path at = own.resolve(AT);
      if (Files.exists(at) && !Files.readString(at).equals(link.toString())) {
        removeLink(own, Path.of(Files.readString(at)));
      }
      files.write(HostFile.file(at, ROOT_USER, 0600, link.toString()));
      files.write(HostFile.directory(version, ROOT_USER, 0755));
      for (Map.Entry<String, String> file : Delivery.files(svid, bundle).entrySet()) {
        files.write(
            HostFile.file(
                version.resolve(file.getKey()),
                delivery.owner(),
                delivery.mode(file.getKey()),
                file.getValue()));
      }
      files.write(
          HostFile.file(
              version.resolve(COMPLETE),
              ROOT_USER,
              0444,
              beforeStart ? BEFORE_START : WHILE_IT_RAN));
      Optional<Path> before = target(link);
      swap(parent, link, version);
      for (Path other : children(own)) {
        if (!other.equals(version)
            && !before.equals(Optional.of(other))
            && Files.isDirectory(other, NOFOLLOW_LINKS)) {
          files.remove(other);
        }
      }
    } catch (IOException e) {
      throw failed("delivering an SVID to", link, e);
    }
  }

  private static void swap(Path parent, Path link, Path version) throws IOException {
    String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    Path draft = parent.resolve("." + link.getFileName() + ".new-" + random);
    Files.createSymbolicLink(draft, version);
    try {
      Files.move(draft, link, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  @Override
  public void remove(WorkloadName workload) throws HostException {
    Path own = root.resolve(workload.text());
    Path at = own.resolve(AT);
    try {
      if (Files.exists(at)) {
        removeLink(own, Path.of(Files.readString(at)));
      }
      files.remove(own);
      if (Files.isDirectory(root) && children(root).isEmpty()) {
        files.remove(root);
      }
    } catch (IOException e) {
      throw failed("removing", own, e);
    }
  }

  /** Only one that leads to us: somebody may have put something else there. */
  private static void removeLink(Path own, Path link) throws IOException {
    if (target(link).filter(to -> own.equals(to.getParent())).isPresent()) {
      Files.delete(link);
    }
  }

  private static List<Path> children(Path directory) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(children::add);
    } catch (NoSuchFileException e) {
      LOG.trace("nothing was delivered", e);
    }
    return children;
  }

  private static FileFailed failed(String verb, Path path, Exception e) {
    return new FileFailed(verb + " '" + path + "'", String.valueOf(e.getMessage()), e);
  }
}
