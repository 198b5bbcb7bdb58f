// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.firewall.Firewall;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.NatTable;
import io.meshx.agent.firewall.NatTables;
import io.meshx.agent.firewall.NftTable;
import io.meshx.agent.model.IpFamily;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A packet filter in memory. */
public final class FakeFirewall implements Firewall {
  private final Map<IpFamily, NatTable> tables = new EnumMap<>(IpFamily.class);
  private final List<String> operations = new ArrayList<>();
  private NftTable nftables = NftTable.EMPTY;

  /** A packet filter of a host with the given families, with nothing in it. */
  public FakeFirewall(Set<IpFamily> families) {
    families.forEach(family -> tables.put(family, NatTable.EMPTY));
  }

  /** Somebody flushes our table and the nat tables: chains stay, without their rules. */
  public synchronized void flush() {
    TreeMap<String, List<String>> ours = new TreeMap<>();
    // The first line is no rule.
    nftables.chains().forEach((name, lines) -> ours.put(name, lines.subList(0, 1)));
    nftables = new NftTable(ours);
    tables.replaceAll((_, table) -> {
      TreeMap<String, List<String>> chains = new TreeMap<>();
      table.chains().keySet().forEach(chain -> chains.put(chain, List.of()));
      return new NatTable(chains, List.of());
    });
  }

  /** Somebody removes every rule and every chain, as {@code nft flush ruleset} does. */
  public synchronized void wipe() {
    tables.replaceAll((_, _) -> NatTable.EMPTY);
    nftables = NftTable.EMPTY;
  }

  /** What was changed so far, one line each, such as {@code restore V4}. */
  public synchronized List<String> operations() {
    return List.copyOf(operations);
  }

  @Override
  public synchronized HostRules observe() {
    return new HostRules(new NatTables(tables), nftables);
  }

  @Override
  public synchronized void apply(HostRules wanted) {
    if (!nftables.equals(wanted.nftables())) {
      operations.add("restore nftables");
      nftables = wanted.nftables();
    }
    wanted
        .iptables()
        .families()
        .forEach((family, table) -> {
          if (!table(family).equals(table)) {
            operations.add("restore " + family);
            tables.put(family, table);
          }
        });
  }

  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder();
    tables.forEach((family, table) -> {
      table
          .chains()
          .forEach((chain, rules) -> {
            text.append(family + " :" + chain + "\n");
            rules.forEach(rule -> text.append(family + " -A " + chain + " " + rule + "\n"));
          });
      table.jumps().forEach(jump -> text.append(family + " -A " + jump + "\n"));
    });
    nftables
        .chains()
        .forEach((chain, lines) ->
            lines.forEach(line -> text.append("nft " + chain + " " + line + "\n")));
    return text.toString();
  }

  private NatTable table(IpFamily family) {
    NatTable table = tables.get(family);
    if (table == null) {
      throw new IllegalArgumentException("this host has no " + family);
    }
    return table;
  }
}
