// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.WorkloadName;
import java.util.EnumMap;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * All rules of ours on a host, in whatever backend. Wanted is one backend with the rules and the
 * other without any; observed can be both, while the backend changes.
 *
 * @param iptables what is ours in the nat table of each family that the host has
 * @param nftables our own table
 */
public record HostRules(NatTables iptables, NftTable nftables) {
  private static final String FAMILY = "# iptables ";

  /** No rule of ours on a host with these families. */
  public static HostRules none(SortedSet<IpFamily> families) {
    return new HostRules(NatTables.empty(families), NftTable.EMPTY);
  }

  /** The rules for what is to be redirected, all in one backend. */
  public static HostRules of(
      Interception interception, Backend backend, SortedSet<IpFamily> families) {
    HostRules none = none(families);
    return switch (backend) {
      case NFTABLES -> new HostRules(none.iptables, interception.nftTable());
      case IPTABLES -> new HostRules(interception.tables(families), none.nftables);
    };
  }

  /** For a file; {@link #parse} gives it back. */
  public String text() {
    StringBuilder text = new StringBuilder(nftables.text());
    iptables
        .families()
        .forEach((family, table) -> text.append(FAMILY + family + "\n" + table.text()));
    return text.toString();
  }

  /**
   * Reads what {@link #text} wrote.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static HostRules parse(String text) {
    String[] parts = text.split("(?m)^" + FAMILY, -1);
    EnumMap<IpFamily, NatTable> tables = new EnumMap<>(IpFamily.class);
    for (String part : List.of(parts).subList(1, parts.length)) {
      String[] headed = part.split("\n", 2);
      tables.put(IpFamily.valueOf(headed[0]), NatTable.parse(headed[headed.length - 1]));
    }
    return new HostRules(new NatTables(tables), NftTable.parse(parts[0]));
  }

  /** The workloads that are redirected by either backend. */
  public SortedSet<WorkloadName> captured() {
    TreeSet<WorkloadName> names = new TreeSet<>(iptables.captured());
    names.addAll(nftables.captured());
    return names;
  }

  /**
   * These rules with those that others have for some workloads, each in the backend where it is.
   *
   * @param others rules to take from
   * @param workloads whose rules to take
   */
  public HostRules keeping(HostRules others, SortedSet<WorkloadName> workloads) {
    return new HostRules(
        iptables.keeping(others.iptables, workloads), nftables.keeping(others.nftables, workloads));
  }

  /**
   * The next step on the way from what is there to these rules: the backend that is wanted is
   * filled before the other one is emptied. With both the first to redirect a connection does it,
   * since its addresses are translated once; with none it would leave as it is.
   *
   * @param there what is there
   */
  public HostRules after(HostRules there, Backend wanted) {
    return switch (wanted) {
      case NFTABLES ->
          nftables.equals(there.nftables) ? this : new HostRules(there.iptables, nftables);
      case IPTABLES ->
          iptables.equals(there.iptables) ? this : new HostRules(iptables, there.nftables);
    };
  }
}
