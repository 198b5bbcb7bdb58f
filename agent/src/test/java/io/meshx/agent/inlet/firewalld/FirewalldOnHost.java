// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.firewalld;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.inlet.InletsContract;
import io.meshx.agent.inlet.ufw.UfwFiles;
import io.meshx.agent.model.HostException;
import io.meshx.agent.testing.Look;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
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
    this.inlets = new FirewalldInlets(bus, new UfwFiles(Path.of("/nonexistent")));
  }

  @Override
  protected Inlets inlets() {
    return inlets;
  }

  @Override
  protected void reload() throws HostException {
    host.run("firewall-cmd", "--reload");
  }

  @AfterEach
  void closeBus() {
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
  void nothingIsWrittenIntoFirewalldsFiles() throws HostException {
    String before = host.run("firewall-cmd", "--permanent", "--list-all-zones");
    inlets.open(new io.meshx.agent.inlet.Opening("public", new io.meshx.agent.model.Port(4143)));
    assertEquals(before, host.run("firewall-cmd", "--permanent", "--list-all-zones"));
  }
}
