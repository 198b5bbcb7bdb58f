// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.agent.firewall.iptables.IptablesFirewallOnHost;
import io.meshx.agent.firewall.iptables.Variant;
import io.meshx.agent.model.HostException;
import io.meshx.it.host.Debian;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of the rules in iptables, kept by iptables-nft 1.8.11. */
@Tag("host")
final class IptablesOnTrixieIT extends IptablesFirewallOnHost {
  private static ContractHost host;

  @RegisterExtension static final ReportOnFailure REPORT = new ReportOnFailure(() -> host.lab());

  IptablesOnTrixieIT() throws HostException {
    super(Variant.NFT, host);
  }

  @BeforeAll
  static void boot() {
    host = new ContractHost(Debian.TRIXIE);
  }

  @AfterAll
  static void turnOff() {
    host.close();
  }
}
