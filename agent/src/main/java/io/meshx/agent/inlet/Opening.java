// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet;

import io.meshx.agent.model.Port;
import java.util.Comparator;

/**
 * A TCP port that is open to peers.
 *
 * @param zone firewalld's zone
 * @param port the port
 */
public record Opening(String zone, Port port) implements Comparable<Opening> {
  private static final Comparator<Opening> ORDER =
      Comparator.comparing(Opening::zone).thenComparing(Opening::port);

  @Override
  public int compareTo(Opening other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return "port " + port + "/tcp in firewalld's zone " + zone;
  }
}
