// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.firewall.Firewall;
import io.meshx.agent.firewall.FirewallContract;
import io.meshx.agent.model.IpFamily;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FakeFirewallTest extends FirewallContract {
  private final FakeFirewall firewall = new FakeFirewall(FAMILIES);

  @Override
  protected Firewall firewall() {
    return firewall;
  }

  @Override
  protected String host() {
    return firewall.toString();
  }

  @Override
  protected List<String> operations() {
    return firewall.operations();
  }

  @Override
  protected void flush(IpFamily family) {
    firewall.flush(family);
  }

  @Test
  void wipedHostHasNothingOfOurs() {
    firewall.apply(THREE.tables(FAMILIES));
    firewall.wipe();

    assertEquals("", firewall.toString());
  }
}
