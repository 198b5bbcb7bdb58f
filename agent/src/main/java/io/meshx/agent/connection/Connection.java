// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection;

import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.Comparator;

/**
 * A TCP connection of a process of the host that goes past the redirect.
 *
 * @param uid user ID of the process
 * @param group its control group of version 2, such as {@code /system.slice/a.service}; "" if the
 *     host does not tell
 * @param source the address on this host
 * @param sourcePort the port on this host
 * @param destination the address of the other end
 * @param destinationPort the port of the other end
 */
public record Connection(
    int uid,
    String group,
    IpAddress source,
    Port sourcePort,
    IpAddress destination,
    Port destinationPort)
    implements Comparable<Connection> {
  private static final Comparator<Connection> ORDER =
      Comparator.comparingInt(Connection::uid)
          .thenComparing(Connection::group)
          .thenComparing(Connection::source)
          .thenComparing(Connection::sourcePort)
          .thenComparing(Connection::destination)
          .thenComparing(Connection::destinationPort);

  /** Whether it is one of a process of a scope. */
  public boolean isOf(Scope scope) {
    return switch (scope) {
      case Scope.User(int user) -> uid == user;
      case Scope.ControlGroup control -> control.contains(group);
    };
  }

  @Override
  public int compareTo(Connection other) {
    return ORDER.compare(this, other);
  }
}
