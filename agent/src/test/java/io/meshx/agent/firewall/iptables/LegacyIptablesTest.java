// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import io.meshx.agent.model.HostException;

final class LegacyIptablesTest extends IptablesFirewallOnHost {
  LegacyIptablesTest() throws HostException {
    super(Variant.LEGACY);
  }
}
