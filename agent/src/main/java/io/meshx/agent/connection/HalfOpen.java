// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection;

import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.Comparator;

/**
 * A TCP connection that a process has begun and nobody has answered.
 *
 * @param uid user ID of the process
 * @param group its control group of version 2, such as {@code /system.slice/a.service}; "" if the
 *     host does not tell
 * @param source its address
 * @param sourcePort its port
 * @param destination the address that it wants to reach
 * @param destinationPort the port that it wants to reach
 */
public record HalfOpen(
    int uid,
    String group,
    IpAddress source,
    Port sourcePort,
    IpAddress destination,
    Port destinationPort)
    implements Comparable<HalfOpen> {
  private static final Comparator<HalfOpen> ORDER =
      Comparator.comparingInt(HalfOpen::uid)
          .thenComparing(HalfOpen::group)
          .thenComparing(HalfOpen::source)
          .thenComparing(HalfOpen::sourcePort)
          .thenComparing(HalfOpen::destination)
          .thenComparing(HalfOpen::destinationPort);

  /** Whether a process of a scope has begun it. */
  public boolean isOf(Scope scope) {
    return switch (scope) {
      case Scope.User(int user) -> uid == user;
      case Scope.ControlGroup control -> control.contains(group);
    };
  }

  @Override
  public int compareTo(HalfOpen other) {
    return ORDER.compare(this, other);
  }
}
