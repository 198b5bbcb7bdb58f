// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.WorkloadName;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The redirect of what everybody else on the host sends, through the proxy of one workload. What
 * would cut the host off is spared whatever the configuration says.
 *
 * @param workload whose proxy it is
 * @param outbound that proxy's outbound port
 * @param sparedUsers user IDs that are not redirected: root's and those of other workloads
 * @param spared TCP ports and networks that are not: those of DNS, SPIRE and the like, besides
 *     {@link #NEVER}
 */
public record HostCapture(
    WorkloadName workload, Port outbound, SortedSet<Integer> sparedUsers, Direct spared) {
  /** Link-local addresses: metadata services of clouds, neighbours. */
  static final List<Cidr> NEVER = List.of(Cidr.parse("169.254.0.0/16"), Cidr.parse("fe80::/10"));

  /** Keeps a copy. */
  public HostCapture {
    sparedUsers = Collections.unmodifiableSortedSet(new TreeSet<>(sparedUsers));
  }

  /** All networks that are spared. */
  SortedSet<Cidr> networks() {
    TreeSet<Cidr> networks = new TreeSet<>(NEVER);
    networks.addAll(spared.toNetworks());
    return networks;
  }
}
