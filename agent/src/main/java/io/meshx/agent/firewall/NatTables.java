// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.WorkloadName;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is ours in the nat table of each address family.
 *
 * @param families one table for each family that the host has
 */
public record NatTables(SortedMap<IpFamily, NatTable> families) {
  /** Keeps a copy. */
  public NatTables {
    families = Collections.unmodifiableSortedMap(new TreeMap<>(families));
  }

  /** Takes any map. */
  public NatTables(Map<IpFamily, NatTable> families) {
    this(new TreeMap<>(families));
  }

  /** Nothing of ours in the tables of these families. */
  static NatTables empty(SortedSet<IpFamily> families) {
    TreeMap<IpFamily, NatTable> tables = new TreeMap<>();
    families.forEach(family -> tables.put(family, NatTable.EMPTY));
    return new NatTables(tables);
  }

  /** The workloads for which every family has a redirect, by the comments on the rules. */
  public SortedSet<WorkloadName> captured() {
    TreeSet<WorkloadName> common = new TreeSet<>();
    boolean first = true;
    for (NatTable table : families.values()) {
      if (first) {
        common.addAll(table.captured());
        first = false;
      } else {
        common.retainAll(table.captured());
      }
    }
    return common;
  }

  /**
   * These tables with the rules that others have for some workloads, unchanged.
   *
   * @param others tables to take rules from
   * @param workloads whose rules to take
   */
  public NatTables keeping(NatTables others, SortedSet<WorkloadName> workloads) {
    TreeMap<IpFamily, NatTable> merged = new TreeMap<>(families);
    others.families.forEach((family, table) ->
        merged.computeIfPresent(family, (_, mine) -> mine.keeping(table, workloads)));
    return new NatTables(merged);
  }
}
