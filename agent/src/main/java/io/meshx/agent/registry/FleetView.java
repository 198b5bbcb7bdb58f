// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.WorkloadName;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is known of the hosts of a cluster.
 *
 * @param api how the cluster answers
 * @param listed whether it has said which leases there are
 * @param hosts the leases of hosts that have not given theirs back
 * @param leader the lease of whoever acts for all, if there is one
 */
public record FleetView(
    ApiHealth api, boolean listed, SortedMap<WorkloadName, Lease> hosts, Optional<Lease> leader) {
  /** Keeps a copy. */
  public FleetView {
    hosts = Collections.unmodifiableSortedMap(new TreeMap<>(hosts));
  }
}
