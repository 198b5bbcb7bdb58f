// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

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

  @Override
  public SortedSet<Registration> observe(SpiffeId parent) {
    return entries.stream()
        .filter(entry -> entry.parent().equals(parent))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public void register(Registration registration) {
    entries.add(registration);
  }

  @Override
  public void unregister(Registration registration) {
    entries.remove(registration);
  }

  @Override
  public String createJoinToken(SpiffeId alias, Duration validity) {
    tokens++;
    return "token-" + tokens + "-for-" + alias.path().substring(1).replace('/', '-');
  }

  @Override
  public String toString() {
    return entries.toString();
  }
}
