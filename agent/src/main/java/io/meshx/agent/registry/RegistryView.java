// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.WorkloadName;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is known of this host's workloads in the cluster.
 *
 * @param api how the cluster answers
 * @param resources those that are followed
 * @param enlisted those that this host has made or readied and not withdrawn, and for which
 *     workloads
 * @param nodes what is known of its nodes
 * @param lease whether it knows that this host lives
 * @param requests how many requests were sent since the agent started
 */
public record RegistryView(
    ApiHealth api,
    SortedMap<ResourceName, ResourceState> resources,
    SortedMap<ResourceName, WorkloadName> enlisted,
    NodesState nodes,
    LeaseState lease,
    long requests) {
  /** Nothing is asked of any cluster. */
  public static final RegistryView NONE =
      new RegistryView(
          new ApiHealth.Unasked(),
          new TreeMap<>(),
          new TreeMap<>(),
          new NodesState.Unfollowed(),
          new LeaseState.Untold(),
          0);

  /** Keeps copies. */
  public RegistryView {
    resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
    enlisted = Collections.unmodifiableSortedMap(new TreeMap<>(enlisted));
  }
}
