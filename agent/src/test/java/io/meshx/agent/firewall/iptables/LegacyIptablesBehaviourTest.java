// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.firewall.RedirectBehaviour;
import io.meshx.agent.model.HostException;

final class LegacyIptablesBehaviourTest extends RedirectBehaviour {
  LegacyIptablesBehaviourTest() throws HostException {}

  @Override
  protected void apply(Commands commands, Interception interception) throws HostException {
    new IptablesFirewall(commands, Variant.LEGACY, () -> FAMILIES)
        .apply(interception.tables(FAMILIES));
  }
}
