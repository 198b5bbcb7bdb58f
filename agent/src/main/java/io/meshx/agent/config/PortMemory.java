// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.ChosenPorts;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The file in which the ports are kept that the agent chose, so that they stay when others come.
 */
final class PortMemory {
  private static final String HEAD =
      """
      # Inbound ports of the proxies whose workloads' files name none. Written by meshx-agent; while
      # it is stopped, a line may be removed to have the ports of that workload chosen anew.
      """;

  private PortMemory() {}

  /**
   * What is remembered; what cannot be understood in it is a finding.
   *
   * @param inForce what the last configuration said: the file may not say it yet
   */
  static SortedMap<WorkloadName, PortBlock> read(
      Path file, Optional<ChosenPorts> inForce, Place place, Findings findings) {
    Optional<String> text =
        inForce
            .map(ChosenPorts::text)
            .or(() ->
                Files.exists(file) ? SourceText.read(file, place, "", findings) : Optional.empty());
    SortedMap<WorkloadName, PortBlock> blocks = new TreeMap<>();
    text.flatMap(toml -> TomlSource.parse(toml, place, findings))
        .ifPresent(
            table -> table.members().forEach((name, node) -> keep(name, node, blocks, findings)));
    return blocks;
  }

  private static void keep(
      String name, Node node, SortedMap<WorkloadName, PortBlock> blocks, Findings findings) {
    try {
      if (!(node.value() instanceof Node.Value.Whole(long port))) {
        throw new IllegalArgumentException("is " + node.kind());
      }
      blocks.put(new WorkloadName(name), PortBlock.withInbound(port));
    } catch (IllegalArgumentException e) {
      findings.add(node, e.getMessage() + "; remove this line to have ports chosen anew");
    }
  }

  /** The text of the file. */
  static String text(SortedMap<WorkloadName, PortBlock> blocks) {
    StringBuilder text = new StringBuilder(HEAD);
    for (Map.Entry<WorkloadName, PortBlock> entry : blocks.entrySet()) {
      text.append(entry.getKey()).append(" = ").append(entry.getValue().inbound()).append('\n');
    }
    return text.toString();
  }
}
