// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.WorkloadName;
import java.util.List;
import java.util.SortedSet;

/**
 * What is ours in one nat table, each rule as {@code iptables-save} prints it without its {@code -A
 * CHAIN}.
 *
 * @param output rules of chain MESHX_OUT
 * @param prerouting rules of chain MESHX_IN
 * @param jumps the built-in chains that jump to ours, such as OUTPUT
 */
public record NatTable(List<String> output, List<String> prerouting, SortedSet<String> jumps) {
  /** Nothing of ours. */
  public static final NatTable EMPTY =
      new NatTable(List.of(), List.of(), new java.util.TreeSet<>());

  static NatTable of(Interception interception) {
    throw new IllegalStateException("to be written with " + interception);
  }

  /** The workloads for which a redirect is in, by the comments on the rules. */
  public SortedSet<WorkloadName> captured() {
    throw new IllegalStateException("to be written");
  }
}
