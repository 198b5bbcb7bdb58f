// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.HostException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Both backends of a host as one packet filter. Both are read at the same time: how soon flushed
 * rules are back depends on it.
 */
public final class BothBackends implements Firewall {
  private final Rules<NatTables> iptables;
  private final Rules<NftTable> nftables;

  /** Of two backends. */
  public BothBackends(Rules<NatTables> iptables, Rules<NftTable> nftables) {
    this.iptables = iptables;
    this.nftables = nftables;
  }

  @Override
  public HostRules observe() throws HostException {
    FutureTask<NftTable> table = meanwhile(nftables::observe);
    NatTables tables = iptables.observe();
    try {
      return new HostRules(tables, table.get());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HostException refused) {
        throw refused;
      }
      throw new IllegalStateException("looking at nftables broke", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while looking at nftables", e);
    }
  }

  private static <T> FutureTask<T> meanwhile(Callable<T> look) {
    FutureTask<T> task = new FutureTask<>(look);
    Thread.ofVirtual().start(task);
    return task;
  }

  @Override
  public void apply(HostRules rules) throws HostException {
    nftables.apply(rules.nftables());
    iptables.apply(rules.iptables());
  }
}
