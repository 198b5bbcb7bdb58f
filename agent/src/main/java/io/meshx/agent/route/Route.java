// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpAddress;

/**
 * A route to a network of the cluster.
 *
 * @param destination the network
 * @param via the next hop, of the same family
 */
public record Route(Cidr destination, IpAddress via) implements Comparable<Route> {
  /**
   * Checks the families.
   *
   * @throws IllegalArgumentException if they differ
   */
  public Route {
    if (destination.family() != via.family()) {
      throw new IllegalArgumentException(
          "network '" + destination + "' and next hop '" + via + "' are of different families");
    }
  }

  @Override
  public int compareTo(Route other) {
    int byDestination = destination.compareTo(other.destination);
    return byDestination != 0 ? byDestination : via.compareTo(other.via);
  }

  @Override
  public String toString() {
    return destination + " via " + via;
  }
}
