// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.model.HostException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;

@Tag("root")
final class LegacyIptablesTest extends IptablesFirewallOnHost {
  LegacyIptablesTest() throws HostException {
    super(Variant.LEGACY, new HostCommands(Duration.ofSeconds(20)));
  }
}
