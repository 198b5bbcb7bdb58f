// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.firewalld;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.inlet.InletsContract;
import io.meshx.agent.inlet.Opening;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.testing.Look;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * A real firewalld on a real host. Test suites that have such a host extend it; they are run one
 * after the other.
 */
public abstract class FirewalldOnHost extends InletsContract {
  private final Commands host;
  private final SystemBus bus;
  private final FirewalldInlets inlets;

  /**
   * Connects to the host.
   *
   * @param busAddress D-Bus address of the host's system bus, as seen from here
   * @param host runs a command on the host
   */
  protected FirewalldOnHost(String busAddress, Commands host) {
    this.host = host;
    this.bus = SystemBus.open(busAddress);
    Path socket = Path.of(busAddress.substring("unix:path=".length()));
    this.inlets = new FirewalldInlets(bus, socket.resolve("../../..").normalize());
  }

  @Override
  protected Inlets inlets() {
    return inlets;
  }

  @Override
  protected void reload() throws HostException {
    host.run("firewall-cmd", "--reload");
  }

  @Override
  protected void end() {
    bus.close();
  }

  @Test
  void aFirewalldThatStopsAndStartsIsToldOf() throws HostException, InterruptedException {
    Look look = new Look();
    inlets.onChange(look::again);
    host.run("systemctl", "stop", "firewalld");
    look.until(inlets::observe, new Guard.None()::equals);
    host.run("systemctl", "start", "firewalld");
    look.until(inlets::observe, guard -> guard instanceof Guard.Firewalld);
  }

  @Test
  void itsRefusalOfRedirectedConnectionsIsSeen() throws HostException, InterruptedException {
    Look look = new Look();
    inlets.onChange(look::again);
    set("yes");
    look.until(
        inlets::observe,
        guard -> guard instanceof Guard.Firewalld firewalld && firewalld.refusesRedirectedV6());
    set("no");
    look.until(
        inlets::observe,
        guard -> guard instanceof Guard.Firewalld firewalld && !firewalld.refusesRedirectedV6());
  }

  private void set(String refuses) throws HostException {
    host.run(
        "sed",
        "-i",
        "s/^RFC3964_IPv4=.*/RFC3964_IPv4=" + refuses + "/",
        "/etc/firewalld/firewalld.conf");
    host.run("firewall-cmd", "--complete-reload");
  }

  @Test
  void nothingIsWrittenIntoFirewalldsFiles() throws HostException {
    String before = host.run("firewall-cmd", "--permanent", "--list-all-zones");
    inlets.open(new Opening("public", new Port(4143)));
    assertEquals(before, host.run("firewall-cmd", "--permanent", "--list-all-zones"));
  }
}
