// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.UserName;
import io.meshx.agent.registry.NodeNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what a cluster said of its nodes, so that a host comes up without its API. */
final class NodesMemory {
  private static final Logger LOG = LoggerFactory.getLogger(NodesMemory.class);
  private static final UserName ROOT = new UserName("root");

  private final Path file;
  private final HostFiles files;
  private Optional<SortedMap<String, NodeNetwork>> kept = Optional.empty();

  NodesMemory(Path file, HostFiles files) {
    this.file = file;
    this.files = files;
  }

  /** What was kept; empty if nothing was. */
  synchronized SortedMap<String, NodeNetwork> get() {
    SortedMap<String, NodeNetwork> known = kept.orElseGet(this::read);
    kept = Optional.of(known);
    return known;
  }

  /** Keeps this from now on. */
  synchronized void keep(SortedMap<String, NodeNetwork> nodes) {
    if (nodes.equals(get())) {
      return;
    }
    kept = Optional.of(new TreeMap<>(nodes));
    StringBuilder text = new StringBuilder();
    nodes.forEach((name, node) ->
        text.append(name)
            .append(' ')
            .append(joined(node.pods().stream().map(Cidr::toString)))
            .append(' ')
            .append(joined(node.addresses().stream().map(IpAddress::toString)))
            .append('\n'));
    try {
      files.write(HostFile.file(file, ROOT, 0644, text.toString()));
    } catch (HostException e) {
      LOG.warn("a boot without the Kubernetes API has no routes to pods: {}", e.getMessage());
    }
  }

  /** Forgets it. */
  synchronized void forget() {
    if (!get().isEmpty()) {
      kept = Optional.of(new TreeMap<>());
      try {
        files.remove(file);
      } catch (HostException e) {
        LOG.warn("{}", e.getMessage());
      }
    }
  }

  private static String joined(Stream<String> texts) {
    return texts.collect(Collectors.joining(","));
  }

  private SortedMap<String, NodeNetwork> read() {
    TreeMap<String, NodeNetwork> read = new TreeMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split(" ", -1);
        read.put(
            words[0],
            new NodeNetwork(
                parts(words[1]).map(Cidr::parse).toList(),
                parts(words[2]).map(IpAddress::parse).toList()));
      }
    } catch (NoSuchFileException e) {
      return read;
    } catch (IOException | IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      LOG.warn("reading '{}' failed: {}; the cluster is asked for its nodes", file, e.getMessage());
    }
    return read;
  }

  private static Stream<String> parts(String text) {
    return Stream.of(text.split(",", -1)).filter(part -> !part.isEmpty());
  }
}
