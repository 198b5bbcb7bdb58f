// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpFamily;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What is made of the tools' refusals. */
final class IptablesFirewallTest {
  @Test
  void aKernelWithoutTheOlderTablesIsNamedWithWhatHelps() {
    CommandFailed failed =
        observe("ip6tables-save v1.8.9 (legacy): Cannot initialize: iptables who?");

    String message = String.valueOf(failed.getMessage());
    assertTrue(
        message.startsWith("running 'ip6tables-save -t nat' ended with status 1: ip6tables-save"),
        message);
    assertTrue(message.contains("set firewall.backend = \"nftables\""), message);
    assertEquals(1, failed.status());
  }

  @Test
  void anotherRefusalIsLeftAsItIs() {
    CommandFailed failed = observe("Permission denied");

    assertEquals(
        "running 'ip6tables-save -t nat' ended with status 1: Permission denied",
        failed.getMessage());
  }

  private static CommandFailed observe(String error) {
    Commands commands =
        (argv, input) -> {
          throw new CommandFailed(argv, 1, "", error);
        };
    IptablesFirewall firewall =
        new IptablesFirewall(commands, Variant.HOST, () -> new TreeSet<>(Set.of(IpFamily.V6)));
    return assertThrows(CommandFailed.class, firewall::observe);
  }
}
