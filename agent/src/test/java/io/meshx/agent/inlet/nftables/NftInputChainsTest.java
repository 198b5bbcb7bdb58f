// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.nftables;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.NftTable;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.testing.NetworkNamespace;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real nft, in a network namespace; port 4143 is asked about. */
@Tag("root")
final class NftInputChainsTest {
  private static final Port PROXY = new Port(4143);

  private final NetworkNamespace namespace;
  private final Commands commands;

  NftInputChainsTest() throws HostException {
    namespace = NetworkNamespace.open();
    commands = namespace.commands();
  }

  @AfterEach
  void close() throws HostException {
    namespace.close();
  }

  private Guard guard(String policy, String... rules) throws HostException {
    commands.run(
        List.of("nft", "-f", "-"),
        "table inet filter {\nset web { type inet_service; elements = { 80 }; }\n"
            + "chain more { accept; }\n"
            + "chain input { type filter hook input priority 0; policy "
            + policy
            + ";\n"
            + String.join("\n", rules)
            + "\n}\n}\n");
    return new NftInputChains(commands, NftTable.PROGRAM).observe();
  }

  private static List<String> refusing(Guard guard) {
    return switch (guard) {
      case Guard.Chains chains -> chains.refusing(PROXY);
      case Guard.None _, Guard.Ufw _, Guard.Firewalld _ -> List.of();
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ct state established,related accept",
        "ct state { established, related } accept",
        "iifname lo accept",
        "iif lo accept",
        "tcp dport 22 accept",
        "tcp dport { 22, 80-443 } counter accept",
        "udp dport 4143 accept",
        "meta l4proto { icmp, ipv6-icmp } accept",
        "ip protocol icmp accept",
        "icmp type echo-request accept",
        "ip saddr 10.0.0.0/8 tcp dport 22 accept",
        "tcp dport 4143 drop",
        "counter",
        "log prefix \"in: \"",
        "drop\ntcp dport 4143 accept",
      })
  void whatLetsNobodyConnectIsNamed(String rule) throws HostException {
    assertEquals(List.of("inet filter input"), refusing(guard("drop", rule)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "accept",
        "tcp dport 4143 accept",
        "tcp dport { 22, 4000-5000 } accept",
        "tcp dport 4000-5000 ct state new counter accept",
        "tcp dport @web accept",
        "tcp dport != 22 accept",
        "ip saddr 10.0.0.0/8 accept",
        "iifname \"eth*\" accept",
        "jump more",
        "ct state vmap { new : accept, established : accept }",
        "meta l4proto tcp accept",
        "meta l4proto { tcp, udp } accept",
      })
  void whatMayLetThemInIsNot(String rule) throws HostException {
    assertEquals(List.of(), refusing(guard("drop", rule)));
  }

  @Test
  void aChainThatAcceptsTheRestIsNoGuard() throws HostException {
    assertEquals(new Guard.None(), guard("accept", "tcp dport 22 drop", "iifname lo accept"));
  }

  @Test
  void aChainThatEndsWithARefusalIsOne() throws HostException {
    assertEquals(
        List.of("inet filter input"), refusing(guard("accept", "tcp dport 22 accept", "reject")));
  }

  @Test
  void rulesOfIptablesAreTakenToLetThemInWhereNftCannotSay() throws HostException {
    commands.run("iptables", "-P", "INPUT", "DROP");
    commands.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT");
    Guard guard = new NftInputChains(commands, NftTable.PROGRAM).observe();
    assertEquals(List.of("ip filter INPUT"), refusing(guard));
    commands.run("iptables", "-A", "INPUT", "-m", "u32", "--u32", "0=0", "-j", "ACCEPT");
    assertEquals(List.of(), refusing(new NftInputChains(commands, NftTable.PROGRAM).observe()));
  }

  @Test
  void aHostWithoutNftHasNone() throws HostException {
    commands.run("nft", "add", "table", "inet", "filter");
    assertEquals(new Guard.None(), new NftInputChains(commands, Path.of("/nonexistent")).observe());
  }
}
