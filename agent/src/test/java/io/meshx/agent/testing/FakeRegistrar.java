// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.spire.Registrar;
import io.meshx.agent.spire.Registration;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A SPIRE server's registration side, in memory. */
public final class FakeRegistrar implements Registrar {
  private final Set<Registration> entries = new LinkedHashSet<>();
  private int tokens;
  private boolean runs = true;

  /** Whether the server runs. When it does not, every call fails. */
  public synchronized void runs(boolean yes) {
    runs = yes;
  }

  private void call(String call) throws HostException {
    if (!runs) {
      throw new HostException.RpcFailed(call, "the server does not run", null);
    }
  }

  @Override
  public synchronized SortedSet<Registration> observe(SpiffeId parent) throws HostException {
    call("ListEntries");
    return entries.stream()
        .filter(entry -> entry.parent().equals(parent))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public synchronized void register(Registration registration) throws HostException {
    call("BatchCreateEntry");
    entries.add(registration);
  }

  @Override
  public synchronized void unregister(Registration registration) throws HostException {
    call("BatchDeleteEntry");
    entries.remove(registration);
  }

  @Override
  public synchronized String createJoinToken(SpiffeId alias, Duration validity)
      throws HostException {
    call("CreateJoinToken");
    tokens++;
    return "token-" + tokens + "-for-" + alias.path().substring(1).replace('/', '-');
  }

  @Override
  public synchronized String toString() {
    return entries.toString();
  }
}
