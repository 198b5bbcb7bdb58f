// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Connections that go past the redirect, since it was not there when they were begun.
 *
 * @param halfOpen those that nobody has answered: they can be begun anew
 * @param established those that go on, in plaintext, until one of their ends has enough
 */
public record PastRedirect(SortedSet<Connection> halfOpen, SortedSet<Connection> established) {
  /** None. */
  public static final PastRedirect NONE = new PastRedirect(new TreeSet<>(), new TreeSet<>());

  /** Keeps copies. */
  public PastRedirect {
    halfOpen = Collections.unmodifiableSortedSet(new TreeSet<>(halfOpen));
    established = Collections.unmodifiableSortedSet(new TreeSet<>(established));
  }
}
