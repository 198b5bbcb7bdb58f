// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host.nspawn;

import io.meshx.it.cache.Cache;
import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.Isolation;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The file system that hosts of one kind start from, made once by mmdebstrap and kept in the cache.
 *
 * @param directory where it is; never to be written to
 */
record Image(Path directory) {
  /** To be raised when anything below changes that the list of packages does not show. */
  private static final int RECIPE = 1;

  private static final Duration TIME_TO_BUILD = Duration.ofMinutes(15);

  /** Downloads that a timer starts have no place on a host without a way out. */
  private static final String MASK_DOWNLOADS =
      "chroot \"$1\" systemctl mask apt-daily.timer apt-daily-upgrade.timer";

  /** Within this process; the lock file is between processes. */
  private static final ReentrantLock BUILDING = new ReentrantLock();

  /**
   * The image of a release with these packages beside the usual ones; it is built when it is not in
   * the cache, which takes about half a minute.
   *
   * @throws LabException when it cannot be built
   */
  static Image of(Debian debian, List<String> packages) {
    TreeSet<String> all = new TreeSet<>(packages());
    all.addAll(packages);
    String name = debian.suite() + "-" + hash(RECIPE + MASK_DOWNLOADS + all);
    Path images = Cache.root().resolve("images");
    Path directory = images.resolve(name);
    if (Files.isDirectory(directory)) {
      return new Image(directory);
    }
    BUILDING.lock();
    try {
      Files.createDirectories(images);
      try (FileChannel lock =
              FileChannel.open(
                  images.resolve(name + ".lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          var held = lock.lock()) {
        if (!Files.isDirectory(directory) && held.isValid()) {
          build(debian, all, directory);
        }
      }
    } catch (IOException e) {
      throw new LabException("building the image '" + directory + "'", e);
    } finally {
      BUILDING.unlock();
    }
    return new Image(directory);
  }

  /** What every host has, of whatever kind: the boxes of whole machines are built from it too. */
  private static List<String> packages() {
    try (InputStream list = Host.class.getResourceAsStream("packages")) {
      return new String(Objects.requireNonNull(list).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .toList();
    } catch (IOException e) {
      throw new LabException("reading the list of packages", e);
    }
  }

  private static void build(Debian debian, TreeSet<String> packages, Path directory)
      throws IOException {
    Path partial = directory.resolveSibling(directory.getFileName() + ".partial");
    try (Step step = Step.of("build the image " + directory.getFileName())) {
      remove(partial); // What an interrupted build left.
      List<String> argv = new ArrayList<>();
      argv.addAll(Isolation.PREFIX);
      argv.addAll(
          List.of(
              "mmdebstrap",
              "--quiet",
              "--mode=root",
              "--variant=minbase",
              "--include=" + String.join(",", packages),
              "--customize-hook=" + MASK_DOWNLOADS,
              debian.suite(),
              partial.toString()));
      argv.addAll(sources(debian));
      Command.of(argv).within(TIME_TO_BUILD).run().ok();
      Files.move(partial, directory, StandardCopyOption.ATOMIC_MOVE);
      step.done();
    } catch (LabException e) {
      remove(partial);
      throw e;
    }
  }

  private static void remove(Path directory) {
    Command.of("rm", "-rf", "--one-file-system", directory.toString())
        .within(Duration.ofMinutes(2))
        .run()
        .ok();
  }

  /** The archives that this machine itself installs from, for the wanted release. */
  private static List<String> sources(Debian debian) {
    Result targets =
        Command.of(
                "apt-get",
                "indextargets",
                "--format",
                "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
                "Created-By: Packages",
                "Component: main")
            .run()
            .ok();
    TreeSet<String> found = new TreeSet<>();
    for (String line : targets.lines()) {
      List<String> fields = List.of(line.split("\\|", -1));
      if (fields.getFirst().equals("Debian")) {
        boolean security = fields.get(1).equals("Debian-Security");
        String uri = fields.getLast();
        if (security) {
          found.add("deb %s %s-security main".formatted(uri, debian.suite()));
        } else {
          found.add("deb %s %s main".formatted(uri, debian.suite()));
          found.add("deb %s %s-updates main".formatted(uri, debian.suite()));
        }
      }
    }
    if (found.isEmpty()) {
      throw new LabException(
          "asking apt for this machine's Debian archives: none; run 'apt-get update' first");
    }
    return List.copyOf(found);
  }

  private static String hash(String of) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(of.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How the cgroups of a host from this release look on this machine. */
  static String layout(Debian debian) {
    return Cgroup.hybrid() && debian == Debian.BOOKWORM ? "hybrid cgroups" : "cgroup v2";
  }
}
