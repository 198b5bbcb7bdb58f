// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.testing.Look;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What all {@link Inlets} do, on a host with a running firewalld whose only zone is public. */
public abstract class InletsContract {
  private static final String ZONE = "public";
  private static final Opening PROXY = new Opening(ZONE, new Port(4143));
  private static final Opening OTHER = new Opening(ZONE, new Port(4243));

  /** The inlets under test. */
  protected abstract Inlets inlets();

  /** The firewall is loaded again. */
  protected abstract void reload() throws HostException;

  /** Lets go of the host; run after each test. */
  protected void end() {}

  @AfterEach
  void closeAll() throws HostException {
    try {
      inlets().close(PROXY);
      inlets().close(OTHER);
      assertEquals(new Guard.Firewalld(Set.of(ZONE), Set.of()), inlets().observe());
    } finally {
      end();
    }
  }

  @Test
  void whatIsOpenedIsObservedUntilItIsClosed() throws HostException {
    inlets().open(PROXY);
    inlets().open(OTHER);
    assertEquals(new Guard.Firewalld(Set.of(ZONE), Set.of(PROXY, OTHER)), inlets().observe());

    inlets().close(OTHER);
    assertEquals(new Guard.Firewalld(Set.of(ZONE), Set.of(PROXY)), inlets().observe());
  }

  @Test
  void whatIsOpenCanBeOpenedAndWhatIsClosedClosed() throws HostException {
    inlets().open(PROXY);
    inlets().open(PROXY);
    assertEquals(new Guard.Firewalld(Set.of(ZONE), Set.of(PROXY)), inlets().observe());
    inlets().close(PROXY);
    inlets().close(PROXY);
  }

  @Test
  void aReloadTakesOpeningsAwayAndIsToldOf() throws HostException, InterruptedException {
    Look look = new Look();
    inlets().open(PROXY);
    inlets().onChange(look::again);
    reload();
    look.until(() -> inlets().observe(), new Guard.Firewalld(Set.of(ZONE), Set.of())::equals);
  }
}
