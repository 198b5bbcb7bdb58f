// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.nftables;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.firewall.RedirectBehaviour;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class NftablesBehaviourTest extends RedirectBehaviour {
  NftablesBehaviourTest() throws HostException {}

  @Override
  protected void apply(Commands commands, Interception interception) throws HostException {
    new NftablesFirewall(commands).apply(interception.nftTable());
  }

  @ParameterizedTest
  @EnumSource(IpFamily.class)
  void quicIsRefusedOnTheHostItself(IpFamily family) throws HostException {
    assertEquals("PermissionError", quic(family));
  }
}
