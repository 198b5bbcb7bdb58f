// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpAddress;
import java.util.List;

/**
 * Where the pods of a node are: of its Node resource, spec.podCIDRs and the InternalIPs of
 * status.addresses.
 *
 * @param pods networks of its pods
 * @param addresses by which it is reached; at best one of each family
 */
public record NodeNetwork(List<Cidr> pods, List<IpAddress> addresses) {
  /** Keeps copies. */
  public NodeNetwork {
    pods = List.copyOf(pods);
    addresses = List.copyOf(addresses);
  }
}
