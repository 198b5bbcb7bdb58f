// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.SpiffeId;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What peers in the cluster know of a workload outside it: Linkerd's resource of this kind,
 * workload.linkerd.io/v1beta1, without its status.
 *
 * @param identity SPIFFE ID by which peers recognise its proxy
 * @param serverName TLS name under which they call it
 * @param addresses where they reach it; Linkerd takes one of each family
 * @param ports what it serves, and the inbound port of its proxy
 * @param labels by which Services choose it
 * @param annotations what Linkerd is told besides
 */
public record ExternalWorkload(
    SpiffeId identity,
    DnsName serverName,
    List<IpAddress> addresses,
    SortedSet<ServedAt> ports,
    SortedMap<String, String> labels,
    SortedMap<String, String> annotations) {
  /** The name of the port that peers dial (linkerd2 edge-25.3.4 and later look for it). */
  public static final String PROXY_PORT = "linkerd-proxy";

  /** The annotation by which another choice of labels and annotations is noticed. */
  public static final String APPLIED = "meshx.io/applied";

  /** Keeps copies. */
  public ExternalWorkload {
    addresses = List.copyOf(addresses);
    ports = Collections.unmodifiableSortedSet(new TreeSet<>(ports));
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    annotations = Collections.unmodifiableSortedMap(new TreeMap<>(annotations));
  }

  /**
   * Whether a resource says all of this; labels and annotations of others beside ours are no
   * difference.
   */
  public boolean saidBy(ExternalWorkload there) {
    return identity.equals(there.identity)
        && serverName.equals(there.serverName)
        && addresses.equals(there.addresses)
        && ports.equals(there.ports)
        && there.labels.entrySet().containsAll(labels.entrySet())
        && there.annotations.entrySet().containsAll(annotations.entrySet());
  }
}
