// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** What is known of a cluster's nodes. */
public sealed interface NodesState {
  /** Nobody has asked. */
  record Unfollowed() implements NodesState {}

  /**
   * The cluster has never said.
   *
   * @param why what came instead
   */
  record Unknown(String why) implements NodesState {}

  /**
   * As it said last, perhaps before the last boot.
   *
   * @param nodes by name
   */
  record Known(SortedMap<String, NodeNetwork> nodes) implements NodesState {
    /** Keeps a copy. */
    public Known {
      nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
    }
  }
}
