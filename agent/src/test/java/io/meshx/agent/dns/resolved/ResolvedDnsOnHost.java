// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns.resolved;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.dns.Dns;
import io.meshx.agent.dns.DnsContract;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.testing.Look;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The resolver of a real host with systemd-resolved. Test suites that have such a host extend it;
 * they are run one after the other and restart the host's resolver.
 */
public abstract class ResolvedDnsOnHost extends DnsContract {
  private final Commands host;
  private final SystemBus bus;
  private final ResolvedDns dns;

  /**
   * Connects to the host.
   *
   * @param busAddress D-Bus address of the host's system bus, as seen from here
   * @param host runs a command on the host
   */
  protected ResolvedDnsOnHost(String busAddress, Commands host) {
    this.host = host;
    this.bus = SystemBus.open(busAddress);
    this.dns = new ResolvedDns(bus, host);
  }

  @Override
  protected Dns dns() {
    return dns;
  }

  @Override
  protected void loseSettings() throws HostException {
    host.run("resolvectl", "revert", ResolvedDns.LINK);
  }

  @AfterEach
  void closeBus() {
    bus.close();
  }

  @Test
  void clearedLinkLeavesTheHostAsItWas() throws HostException {
    String before = state();

    dns.apply(VIEW);
    String during = state();
    dns.clear();

    assertTrue(during.contains("~cluster.local"), during);
    assertEquals(before, state());
  }

  @Test
  void linkThatIsDownIsIncomplete() throws HostException {
    dns.apply(VIEW);
    host.run("ip", "link", "set", ResolvedDns.LINK, "down");

    assertEquals(Optional.of(DnsView.INCOMPLETE), dns.observe());
  }

  @Test
  void viewSurvivesARestartOfTheResolverWhichIsToldOf() throws HostException, InterruptedException {
    Look look = new Look();
    dns.apply(VIEW);
    dns.onChange(look::again);
    look.until(dns::observe, Optional.of(VIEW)::equals);

    host.run("systemctl", "stop", "systemd-resolved");
    look.until(dns::observe, Optional.of(DnsView.INCOMPLETE)::equals);
    host.run("systemctl", "start", "systemd-resolved");

    look.until(dns::observe, Optional.of(VIEW)::equals);
  }

  @Test
  void resolverThatDoesNotRunIsNamedWithTheRemedy() throws HostException {
    host.run("systemctl", "stop", "systemd-resolved");
    try {
      BusCallFailed refusal = assertThrows(BusCallFailed.class, () -> dns.apply(VIEW));

      assertTrue(
          refusal.toString().contains("systemctl restart systemd-resolved"), refusal.toString());
      assertEquals(Optional.of(DnsView.INCOMPLETE), dns.observe());
      dns.clear();
      assertEquals(Optional.empty(), dns.observe());
    } finally {
      host.run("systemctl", "start", "systemd-resolved");
    }
  }

  private String state() throws HostException {
    return host.run("resolvectl", "--no-pager", "status")
        + host.run("ip", "-brief", "address", "show");
  }
}
