// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * One control group of the lab, of the same name in each hierarchy of this machine, by which all
 * processes started in it are found and ended.
 */
public final class Cgroup {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  /** What a host needs of a hybrid machine. Without cpuset, which must be filled in before use. */
  private static final List<String> HYBRID =
      List.of(
          "systemd", "unified", "cpu", "cpuacct", "memory", "pids", "blkio", "freezer", "devices");

  private final String name;

  private Cgroup(String name) {
    this.name = name;
  }

  /** Names a group, whether it exists or not. */
  public static Cgroup named(String name) {
    if (name.isEmpty() || name.contains("/") || name.startsWith(".")) {
      throw new IllegalArgumentException("not a name for a control group: '" + name + "'");
    }
    return new Cgroup(name);
  }

  /** True when this machine has the version 1 hierarchies beside version 2. */
  public static boolean hybrid() {
    return !Files.exists(ROOT.resolve("cgroup.controllers"));
  }

  /** The names of the top-level groups that begin with a prefix, in any hierarchy. */
  public static Set<String> startingWith(String prefix) {
    Set<String> names = new TreeSet<>();
    for (Path hierarchy : hierarchies()) {
      try (Stream<Path> groups = Files.list(hierarchy)) {
        groups
            .filter(Files::isDirectory)
            .map(group -> group.getFileName().toString())
            .filter(group -> group.startsWith(prefix))
            .forEach(names::add);
      } catch (IOException e) {
        throw new LabException("listing '" + hierarchy + "'", e);
      }
    }
    return names;
  }

  public String name() {
    return name;
  }

  /**
   * Makes the group in every hierarchy; no harm if it exists.
   *
   * @throws LabException when the kernel refuses
   */
  public Cgroup create() {
    for (Path directory : directories()) {
      try {
        Files.createDirectories(directory);
      } catch (IOException e) {
        throw new LabException("making the control group '" + directory + "'", e);
      }
    }
    return this;
  }

  /**
   * An argv prefix that moves itself into this group in every hierarchy and runs the rest there.
   */
  public List<String> enter() {
    StringBuilder script = new StringBuilder();
    for (Path directory : directories()) {
      script.append("echo $$ > ").append(directory).append("/cgroup.procs && ");
    }
    return List.of("/bin/sh", "-c", script + "exec \"$@\"", "sh");
  }

  /** The processes in it and below, by their id as this machine sees it. */
  public Set<Long> processes() {
    Set<Long> pids = new TreeSet<>();
    for (Path directory : directories()) {
      for (Path group : tree(directory)) {
        try {
          Files.readAllLines(group.resolve("cgroup.procs")).stream()
              .map(Long::valueOf)
              .filter(pid -> pid > 0)
              .forEach(pids::add);
        } catch (IOException e) {
          // The group went away, or it is a threaded one: its processes are listed above it.
        }
      }
    }
    return pids;
  }

  /**
   * Kills every process in it and removes the group from every hierarchy.
   *
   * @throws LabException when something remains after 20 seconds
   */
  public void remove() {
    Await.until(
        "the processes of control group " + name + " to end",
        Duration.ofSeconds(20),
        () -> {
          Set<Long> pids = processes();
          pids.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
          return pids.isEmpty();
        });
    Await.until(
        "the control group " + name + " to go", Duration.ofSeconds(20), this::removeDirectories);
  }

  private boolean removeDirectories() {
    boolean gone = true;
    for (Path directory : directories()) {
      for (Path group : tree(directory)) {
        try {
          Files.deleteIfExists(group);
        } catch (IOException e) {
          gone = false; // Busy: a process is still being reaped.
        }
      }
    }
    return gone;
  }

  private List<Path> directories() {
    return hierarchies().stream().map(hierarchy -> hierarchy.resolve(name)).toList();
  }

  private static List<Path> hierarchies() {
    if (!hybrid()) {
      return List.of(ROOT);
    }
    Set<Path> found = new LinkedHashSet<>();
    for (String each : HYBRID) {
      try {
        if (Files.isDirectory(ROOT.resolve(each))) {
          found.add(ROOT.resolve(each).toRealPath());
        }
      } catch (IOException e) {
        throw new LabException("looking at '" + ROOT.resolve(each) + "'", e);
      }
    }
    return List.copyOf(found);
  }

  /** The group and all below it, deepest first. */
  private static List<Path> tree(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    List<Path> found = new ArrayList<>();
    List<Path> open = new ArrayList<>(List.of(directory));
    while (!open.isEmpty()) {
      Path group = open.removeLast();
      found.add(group);
      try (Stream<Path> below = Files.list(group)) {
        below.filter(Files::isDirectory).forEach(open::add);
      } catch (IOException e) {
        // It went away while we looked.
      }
    }
    found.sort(Comparator.comparingInt(Path::getNameCount).reversed());
    return found;
  }
}
