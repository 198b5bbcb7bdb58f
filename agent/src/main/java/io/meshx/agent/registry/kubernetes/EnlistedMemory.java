// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ResourceName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what this host has told a cluster of: the file of a workload may be removed while the agent
 * is away, and then nothing else knows its resource.
 */
final class EnlistedMemory {
  private static final Logger LOG = LoggerFactory.getLogger(EnlistedMemory.class);
  private static final UserName ROOT = new UserName("root");

  private final Path file;
  private final HostFiles files;
  private Optional<SortedMap<ResourceName, WorkloadName>> kept = Optional.empty();

  EnlistedMemory(Path file, HostFiles files) {
    this.file = file;
    this.files = files;
  }

  /** The resources, and for which workloads. */
  synchronized SortedMap<ResourceName, WorkloadName> get() {
    SortedMap<ResourceName, WorkloadName> known = kept.orElseGet(this::read);
    kept = Optional.of(known);
    return known;
  }

  /**
   * Keeps one more.
   *
   * @throws HostException if the file cannot be written
   */
  synchronized void add(ResourceName resource, WorkloadName workload) throws HostException {
    if (!workload.equals(get().get(resource))) {
      TreeMap<ResourceName, WorkloadName> all = new TreeMap<>(get());
      all.put(resource, workload);
      keep(all);
    }
  }

  /**
   * Forgets one.
   *
   * @throws HostException if the file cannot be written
   */
  synchronized void remove(ResourceName resource) throws HostException {
    TreeMap<ResourceName, WorkloadName> left = new TreeMap<>(get());
    left.remove(resource);
    keep(left);
  }

  private void keep(SortedMap<ResourceName, WorkloadName> all) throws HostException {
    if (all.isEmpty()) {
      files.remove(file);
    } else {
      StringBuilder text = new StringBuilder();
      all.forEach(
          (resource, workload) -> text.append(resource).append(' ').append(workload).append('\n'));
      files.write(HostFile.file(file, ROOT, 0644, text.toString()));
    }
    kept = Optional.of(all);
  }

  private SortedMap<ResourceName, WorkloadName> read() {
    TreeMap<ResourceName, WorkloadName> read = new TreeMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split("[/ ]", -1);
        read.put(
            new ResourceName(new WorkloadName(words[0]), new WorkloadName(words[1])),
            new WorkloadName(words[2]));
      }
    } catch (NoSuchFileException e) {
      return read;
    } catch (IOException | IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      LOG.warn(
          "reading '{}' failed: {}; a workload that has left meanwhile stays in the cluster as it"
              + " is",
          file,
          e.getMessage());
    }
    return read;
  }
}
