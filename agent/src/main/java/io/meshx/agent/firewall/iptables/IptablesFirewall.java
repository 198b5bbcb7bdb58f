// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.NatTable;
import io.meshx.agent.firewall.NatTables;
import io.meshx.agent.firewall.Rules;
import io.meshx.agent.host.Families;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpFamily;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nat tables by way of {@code iptables-save} and {@code iptables-restore}, which carry the
 * host's choice between nf_tables and the legacy interface.
 *
 * <p>Reading changes nothing with the nft variant (1.8.9 prints base chains that the kernel does
 * not have). The legacy variant makes the kernel load its nat table, empty, the first time that it
 * is asked, and has its modules loaded where they are not; there is no way around that but not to
 * ask for this table.
 */
public final class IptablesFirewall implements Rules<NatTables> {
  private static final Logger LOG = LoggerFactory.getLogger(IptablesFirewall.class);

  /**
   * What iptables-nft-save prints, with status 0, for a table that was made with nft and has what
   * iptables cannot show.
   */
  private static final String INCOMPATIBLE = "# Table `nat' is incompatible";

  /**
   * What the legacy tools say when the kernel has no tables of theirs for a family (iptables 1.8.9,
   * libiptc).
   */
  private static final String NO_TABLE = "Cannot initialize: ";

  /**
   * Has systemd load what the legacy tools need. They do that themselves, but not in the sandbox of
   * the agent, where nobody may load modules nor finds them (ProtectKernelModules= in
   * systemd.exec(5)). The table in them the kernel loads by itself. No words if there is no such
   * module.
   */
  private static final List<String> LOAD =
      List.of("systemctl", "start", "modprobe@ip_tables.service", "modprobe@ip6_tables.service");

  private final Commands commands;
  private final Variant variant;
  private final Families families;

  /** Whether modules were loaded since the tables could be read: a second time helps no more. */
  private final AtomicBoolean loaded = new AtomicBoolean();

  /**
   * Changes nothing yet.
   *
   * @param commands runs the tools
   * @param variant which tools
   * @param families asked for the families to observe, each time
   */
  public IptablesFirewall(Commands commands, Variant variant, Families families) {
    this.commands = commands;
    this.variant = variant;
    this.families = families;
  }

  @Override
  public NatTables observe() throws HostException {
    return new NatTables(read(families.families()));
  }

  @Override
  public void apply(NatTables tables) throws HostException {
    Map<IpFamily, NatTable> current = read(tables.families().keySet());
    @Nullable CommandFailed first = null;
    for (Map.Entry<IpFamily, NatTable> entry : tables.families().entrySet()) {
      NatTable wanted = entry.getValue();
      NatTable there = current.getOrDefault(entry.getKey(), NatTable.EMPTY);
      if (wanted.equals(there)) {
        continue;
      }
      try {
        commands.run(
            List.of(variant.restore(entry.getKey()), "--noflush", "-w", "5"),
            wanted.restoreText(there));
      } catch (CommandFailed e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private Map<IpFamily, NatTable> read(Set<IpFamily> wanted) throws CommandFailed {
    List<IpFamily> order = List.copyOf(wanted);
    ArrayList<List<String>> argvs = new ArrayList<>();
    for (IpFamily family : order) {
      argvs.add(List.of(variant.save(family), "-t", "nat"));
    }
    List<String> texts = texts(argvs);
    EnumMap<IpFamily, NatTable> tables = new EnumMap<>(IpFamily.class);
    for (int i = 0; i < order.size(); i++) {
      if (texts.get(i).startsWith(INCOMPATIBLE)) {
        throw new CommandFailed(
            argvs.get(i),
            "found a table that iptables cannot work with",
            "table 'nat' was made with nft; move its rules to a table of another name");
      }
      tables.put(order.get(i), NatTable.parse(texts.get(i)));
    }
    return tables;
  }

  private List<String> texts(List<List<String>> argvs) throws CommandFailed {
    try {
      List<String> texts = commands.runTogether(argvs);
      loaded.set(false);
      return texts;
    } catch (CommandFailed e) {
      if (!e.error().contains(NO_TABLE)) {
        throw e;
      }
      if (loaded.compareAndSet(false, true)) {
        load();
        return texts(argvs);
      }
      throw e.explained(
          "this kernel has no legacy nat table for that family: set firewall.backend ="
              + " \"nftables\", or choose the nft variant, such as by 'update-alternatives --set"
              + " ip6tables /usr/sbin/ip6tables-nft'");
    }
  }

  private void load() {
    try {
      commands.run(LOAD, "");
    } catch (CommandFailed e) {
      LOG.warn("modules of iptables-legacy are not loaded: {}", e.getMessage());
    }
  }
}
