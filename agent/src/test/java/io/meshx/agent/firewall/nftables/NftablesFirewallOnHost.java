// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.nftables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.firewall.NftTable;
import io.meshx.agent.firewall.Rules;
import io.meshx.agent.firewall.RulesContract;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.NetworkNamespace;
import io.meshx.agent.testing.RecordedCommands;
import java.util.List;
import java.util.SortedSet;
import org.junit.jupiter.api.Test;

/** The nft of a host, in a network namespace with a table of somebody else. */
public abstract class NftablesFirewallOnHost extends RulesContract<NftTable> {
  private static final String OTHERS =
      """
      table inet filter {
        chain input { type filter hook input priority filter; policy accept; tcp dport 22 accept; }
      }
      """;

  private final NetworkNamespace namespace;
  private final Commands commands;
  private final RecordedCommands recorded;
  private final NftablesFirewall firewall;

  /**
   * Makes the namespace.
   *
   * @param host runs a command on the host
   */
  protected NftablesFirewallOnHost(Commands host) throws HostException {
    this.namespace = NetworkNamespace.on(host);
    this.commands = namespace.commands();
    this.recorded = new RecordedCommands(commands);
    this.firewall = new NftablesFirewall(recorded);
  }

  @Override
  protected void open() throws HostException {
    commands.run(List.of("nft", "-f", "-"), OTHERS);
  }

  @Override
  protected void close() throws HostException {
    namespace.close();
  }

  @Override
  protected Rules<NftTable> rules() {
    return firewall;
  }

  @Override
  protected NftTable tables(Interception interception) {
    return interception.nftTable();
  }

  @Override
  protected SortedSet<WorkloadName> captured(NftTable table) {
    return table.captured();
  }

  @Override
  protected String host() throws HostException {
    return commands.run("nft", "list", "ruleset");
  }

  @Override
  protected List<String> operations() {
    return recorded.operations().stream().filter(line -> line.contains(" -f -")).toList();
  }

  @Override
  protected void flush() throws HostException {
    commands.run("nft", "flush", "table", "inet", "meshx");
  }

  @Test
  void anyChangeBySomebodyElseIsSeenAndPutBack() throws HostException {
    NftTable wanted = THREE.nftTable();
    for (String change :
        List.of(
            "flush chain inet meshx inbound",
            "delete chain inet meshx inbound",
            "insert rule inet meshx outbound meta skuid 3000 accept",
            "add chain inet meshx more",
            "add set inet meshx more { type ipv4_addr; }",
            "delete table inet meshx")) {
      firewall.apply(wanted);
      // A chain with rules cannot be deleted; nft does both in one transaction.
      commands.run(
          List.of("nft", "-f", "-"),
          (change.startsWith("delete chain") ? "flush chain inet meshx inbound\n" : "")
              + change
              + "\n");
      assertNotEquals(wanted, firewall.observe(), change);
      firewall.apply(wanted);
      assertEquals(wanted, firewall.observe(), change);
    }
  }

  @Test
  void aTableThatIsRefusedLeavesTheOneThatIsThere() throws HostException {
    firewall.apply(ONE.nftTable());
    Commands broken =
        (argv, input) -> commands.run(argv, input.replace("redirect to :4240", "jump nowhere"));

    CommandFailed failure =
        assertThrows(
            CommandFailed.class, () -> new NftablesFirewall(broken).apply(THREE.nftTable()));

    assertTrue(failure.toString().contains("nowhere"), failure.toString());
    assertEquals(ONE.nftTable(), firewall.observe());
  }
}
