// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.agent.firewall.nftables.NftablesFirewallOnHost;
import io.meshx.agent.model.HostException;
import io.meshx.it.host.Debian;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of the rules in nftables, kept by nft 1.1. */
@Tag("host")
final class NftablesOnTrixieIT extends NftablesFirewallOnHost {
  private static ContractHost host;

  @RegisterExtension static final ReportOnFailure REPORT = new ReportOnFailure(() -> host.lab());

  NftablesOnTrixieIT() throws HostException {
    super(host);
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
