// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.testing.NetworkNamespace;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
final class NftIptablesTest extends IptablesFirewallOnHost {
  NftIptablesTest() throws HostException {
    super(Variant.NFT, new HostCommands(Duration.ofSeconds(20)));
  }

  @Test
  void readingMakesNoTable() throws HostException {
    try (NetworkNamespace fresh = NetworkNamespace.open()) {
      new IptablesFirewall(fresh.commands(), Variant.NFT, () -> FAMILIES).observe();

      assertEquals("", fresh.commands().run("nft", "list", "ruleset"));
    }
  }

  @Test
  void tableThatWasMadeWithNftIsRefusedWithTheReason() throws HostException {
    try (NetworkNamespace fresh = NetworkNamespace.open()) {
      IptablesFirewall firewall =
          new IptablesFirewall(fresh.commands(), Variant.NFT, () -> FAMILIES);
      fresh.commands().run("nft", "add", "table", "ip", "nat");
      fresh
          .commands()
          .run("nft", "add chain ip nat OUTPUT { type nat hook output priority -100; }");
      fresh.commands().run("nft", "add rule ip nat OUTPUT tcp dport 80 redirect to :81");

      CommandFailed failure = assertThrows(CommandFailed.class, firewall::observe);
      assertTrue(failure.toString().contains("was made with nft"), failure.toString());
    }
  }
}
