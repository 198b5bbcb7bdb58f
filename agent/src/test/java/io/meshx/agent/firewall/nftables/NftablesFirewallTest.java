// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.nftables;

import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.model.HostException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;

/** The nft of this machine. */
@Tag("root")
final class NftablesFirewallTest extends NftablesFirewallOnHost {
  NftablesFirewallTest() throws HostException {
    super(new HostCommands(Duration.ofSeconds(20)));
  }
}
