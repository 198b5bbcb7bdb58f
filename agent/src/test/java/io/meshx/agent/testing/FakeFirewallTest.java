// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.firewall.Backend;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.firewall.Rules;
import io.meshx.agent.firewall.RulesContract;
import io.meshx.agent.model.WorkloadName;
import java.util.List;
import java.util.SortedSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

final class FakeFirewallTest {
  /** The fake with its rules in one backend. */
  abstract static class InOneBackend extends RulesContract<HostRules> {
    private final FakeFirewall firewall = new FakeFirewall(FAMILIES);
    private final Backend backend;

    InOneBackend(Backend backend) {
      this.backend = backend;
    }

    @Override
    protected Rules<HostRules> rules() {
      return firewall;
    }

    @Override
    protected HostRules tables(Interception interception) {
      return HostRules.of(interception, backend, FAMILIES);
    }

    @Override
    protected SortedSet<WorkloadName> captured(HostRules rules) {
      return rules.captured();
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
    protected void flush() {
      firewall.flush();
    }

    @Test
    void wipedHostHasNothingOfOurs() {
      firewall.apply(tables(THREE));
      firewall.wipe();

      assertEquals("", firewall.toString());
    }
  }

  @Nested
  final class Nftables extends InOneBackend {
    Nftables() {
      super(Backend.NFTABLES);
    }
  }

  @Nested
  final class Iptables extends InOneBackend {
    Iptables() {
      super(Backend.IPTABLES);
    }
  }
}
