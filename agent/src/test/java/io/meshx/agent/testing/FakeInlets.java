// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.inlet.Opening;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** A firewall in memory. */
public final class FakeInlets implements Inlets {
  private final List<Runnable> listeners = new ArrayList<>();
  private Guard guard = new Guard.None();

  /** Puts another firewall in force, without openings of ours. */
  public void guardedBy(Guard next) {
    synchronized (this) {
      guard = next;
    }
    tell();
  }

  /** The firewall is loaded again: openings are gone. */
  public void reload() {
    synchronized (this) {
      if (guard instanceof Guard.Firewalld firewalld) {
        guard = new Guard.Firewalld(firewalld.zones(), Set.of());
      }
    }
    tell();
  }

  private void tell() {
    listeners.forEach(Runnable::run);
  }

  @Override
  public synchronized Guard observe() {
    return guard;
  }

  @Override
  public synchronized void open(Opening opening) {
    if (guard instanceof Guard.Firewalld firewalld) {
      TreeSet<Opening> ours = new TreeSet<>(firewalld.ours());
      ours.add(opening);
      guard = new Guard.Firewalld(firewalld.zones(), ours, firewalld.refusesRedirectedV6());
    }
  }

  @Override
  public synchronized void close(Opening opening) {
    if (guard instanceof Guard.Firewalld firewalld) {
      TreeSet<Opening> ours = new TreeSet<>(firewalld.ours());
      ours.remove(opening);
      guard = new Guard.Firewalld(firewalld.zones(), ours, firewalld.refusesRedirectedV6());
    }
  }

  @Override
  public void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }
}
