// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A registration entry: which process gets which SPIFFE ID.
 *
 * @param id the SPIFFE ID that is issued
 * @param parent the SPIFFE ID of the host's SPIRE agent, or its alias
 * @param selectors what the process must match, all of them
 */
public record Registration(SpiffeId id, SpiffeId parent, SortedSet<Selector> selectors)
    implements Comparable<Registration> {
  /** Keeps a copy. */
  public Registration {
    selectors = Collections.unmodifiableSortedSet(new TreeSet<>(selectors));
  }

  @Override
  public int compareTo(Registration other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return id + " for " + String.join(" ", selectors.stream().map(Selector::toString).toList());
  }
}
