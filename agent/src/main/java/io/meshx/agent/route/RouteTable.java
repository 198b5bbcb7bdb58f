// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The routes of the host's main table that go through a next hop.
 *
 * @param ours those that carry our routing protocol number
 * @param others those of anybody else
 */
public record RouteTable(SortedSet<Route> ours, SortedSet<Route> others) {
  /** Keeps copies. */
  public RouteTable {
    ours = Collections.unmodifiableSortedSet(new TreeSet<>(ours));
    others = Collections.unmodifiableSortedSet(new TreeSet<>(others));
  }
}
