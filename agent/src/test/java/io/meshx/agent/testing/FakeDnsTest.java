// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.dns.Dns;
import io.meshx.agent.dns.DnsContract;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.model.HostException.BusCallFailed;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FakeDnsTest extends DnsContract {
  private final FakeDns dns = new FakeDns();

  @Override
  protected Dns dns() {
    return dns;
  }

  @Override
  protected void loseSettings() {
    dns.loseSettings();
  }

  @Test
  void resolverThatDoesNotRunLeavesAnIncompleteLink() {
    dns.runs(false);

    assertThrows(BusCallFailed.class, () -> dns.apply(VIEW));
    assertEquals(Optional.of(DnsView.INCOMPLETE), dns.observe());
  }
}
