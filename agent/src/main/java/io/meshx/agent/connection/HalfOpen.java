// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection;

import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import java.util.Comparator;

/**
 * A TCP connection that a process has begun and nobody has answered.
 *
 * @param uid user ID of the process
 * @param source its address
 * @param sourcePort its port
 * @param destination the address that it wants to reach
 * @param destinationPort the port that it wants to reach
 */
public record HalfOpen(
    int uid, IpAddress source, Port sourcePort, IpAddress destination, Port destinationPort)
    implements Comparable<HalfOpen> {
  private static final Comparator<HalfOpen> ORDER =
      Comparator.comparingInt(HalfOpen::uid)
          .thenComparing(HalfOpen::source)
          .thenComparing(HalfOpen::sourcePort)
          .thenComparing(HalfOpen::destination)
          .thenComparing(HalfOpen::destinationPort);

  @Override
  public int compareTo(HalfOpen other) {
    return ORDER.compare(this, other);
  }
}
