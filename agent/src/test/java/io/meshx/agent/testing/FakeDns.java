// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.dns.Dns;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.model.HostException.BusCallFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A resolver in memory. */
public final class FakeDns implements Dns {
  private final List<Runnable> listeners = new ArrayList<>();
  private final List<String> operations = new ArrayList<>();
  private Optional<DnsView> view = Optional.empty();
  private boolean runs = true;

  /** Whether the resolver runs. When it does not, a link of ours is incomplete. */
  public void runs(boolean yes) {
    synchronized (this) {
      runs = yes;
    }
    tell();
  }

  /** The resolver loses its settings of our link, if there is one. */
  public void loseSettings() {
    synchronized (this) {
      view = view.map(_ -> DnsView.INCOMPLETE);
    }
    tell();
  }

  /** What was changed so far, one line each. */
  public synchronized List<String> operations() {
    return List.copyOf(operations);
  }

  @Override
  public synchronized Optional<DnsView> observe() {
    return runs ? view : view.map(_ -> DnsView.INCOMPLETE);
  }

  @Override
  public void apply(DnsView wanted) throws BusCallFailed {
    boolean refused;
    synchronized (this) {
      refused = !runs;
      operations.add("apply " + wanted);
      view = Optional.of(refused ? DnsView.INCOMPLETE : wanted);
    }
    tell();
    if (refused) {
      throw new BusCallFailed("SetLinkDNS", "", "systemd-resolved does not run", null);
    }
  }

  @Override
  public void clear() {
    synchronized (this) {
      operations.add("clear");
      view = Optional.empty();
    }
    tell();
  }

  @Override
  public synchronized void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }

  @Override
  public synchronized String toString() {
    return observe().map(DnsView::toString).orElse("no link");
  }

  private void tell() {
    List<Runnable> told;
    synchronized (this) {
      told = List.copyOf(listeners);
    }
    told.forEach(Runnable::run);
  }
}
