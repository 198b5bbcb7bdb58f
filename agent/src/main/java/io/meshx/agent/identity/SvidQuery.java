// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** An SVID that the agent wants to see, and how it asks for it. */
public sealed interface SvidQuery {
  /** The SPIFFE ID that is expected. */
  SpiffeId expected();

  /**
   * The agent's own, over the SPIFFE Workload API.
   *
   * @param expected the agent's SPIFFE ID
   */
  record Own(SpiffeId expected) implements SvidQuery {}

  /**
   * That of another process, over SPIRE's Delegated Identity API. Asked only while the agent has
   * its own SVID.
   *
   * @param expected the SPIFFE ID that a process with these selectors should get
   * @param selectors what SPIRE finds out about that process
   */
  record Delegated(SpiffeId expected, SortedSet<Selector> selectors) implements SvidQuery {
    /** Keeps a copy. */
    public Delegated {
      selectors = Collections.unmodifiableSortedSet(new TreeSet<>(selectors));
    }
  }

  /**
   * That of another process, as in {@link Delegated}, with its private key, so that it can be
   * handed to that process.
   *
   * @param expected the SPIFFE ID that a process with these selectors should get
   * @param selectors what SPIRE finds out about that process
   */
  record Handed(SpiffeId expected, SortedSet<Selector> selectors) implements SvidQuery {
    /** Keeps a copy. */
    public Handed {
      selectors = Collections.unmodifiableSortedSet(new TreeSet<>(selectors));
    }
  }
}
