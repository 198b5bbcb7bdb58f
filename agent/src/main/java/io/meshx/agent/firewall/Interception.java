// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.WorkloadName;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All that is to be redirected on a host.
 *
 * @param exempt user IDs whose traffic never is: those of the proxies and of SPIRE
 * @param captures what is redirected for each workload
 * @param everybodyElse what is redirected of the rest of the host, if anything
 */
public record Interception(
    SortedSet<Integer> exempt,
    SortedMap<WorkloadName, Capture> captures,
    Optional<HostCapture> everybodyElse) {
  /** Keeps copies. */
  public Interception {
    exempt = Collections.unmodifiableSortedSet(new TreeSet<>(exempt));
    captures = Collections.unmodifiableSortedMap(new TreeMap<>(captures));
  }

  /** Without anything of the rest of the host. */
  public Interception(SortedSet<Integer> exempt, SortedMap<WorkloadName, Capture> captures) {
    this(exempt, captures, Optional.empty());
  }

  /**
   * The tables that do this, the same rules for each family; {@link NatTable#EMPTY} tables if there
   * is nothing to redirect.
   *
   * @param families the families that the host has
   */
  public NatTables tables(SortedSet<IpFamily> families) {
    EnumMap<IpFamily, NatTable> tables = new EnumMap<>(IpFamily.class);
    for (IpFamily family : families) {
      tables.put(family, captures.isEmpty() ? NatTable.EMPTY : NatTable.of(this, family));
    }
    return new NatTables(tables);
  }

  /** The nftables table that does this; {@link NftTable#EMPTY} if there is nothing to redirect. */
  public NftTable nftTable() {
    return captures.isEmpty() ? NftTable.EMPTY : NftTable.of(this);
  }
}
