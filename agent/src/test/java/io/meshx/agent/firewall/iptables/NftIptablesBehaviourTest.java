// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.firewall.RedirectBehaviour;
import io.meshx.agent.model.HostException;

final class NftIptablesBehaviourTest extends RedirectBehaviour {
  NftIptablesBehaviourTest() throws HostException {}

  @Override
  protected void apply(Commands commands, Interception interception) throws HostException {
    new IptablesFirewall(commands, Variant.NFT, () -> FAMILIES)
        .apply(interception.tables(FAMILIES));
  }
}
