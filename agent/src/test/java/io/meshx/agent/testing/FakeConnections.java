// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.connection.Connections;
import io.meshx.agent.connection.HalfOpen;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Connection tracking in memory, of a host with two addresses. */
public final class FakeConnections implements Connections {
  private static final int FIRST_PORT = 32768;

  private final TreeSet<HalfOpen> begun = new TreeSet<>();
  private final TreeSet<HalfOpen> tracked = new TreeSet<>();

  /** A process begins a connection that is not redirected, and nobody answers. */
  public synchronized void begin(int uid, String address, int port) {
    IpAddress destination = IpAddress.parse(address);
    IpAddress source =
        switch (destination.family()) {
          case V4 -> IpAddress.parse("192.0.2.10");
          case V6 -> IpAddress.parse("2001:db8::10");
        };
    HalfOpen connection =
        new HalfOpen(
            uid, "", source, new Port(FIRST_PORT + begun.size()), destination, new Port(port));
    begun.add(connection);
    tracked.add(connection);
  }

  /** What is still begun sends its first packet again. */
  public synchronized void tryAgain() {
    tracked.addAll(begun);
  }

  @Override
  public synchronized SortedSet<HalfOpen> observe(Set<Scope> scopes) {
    TreeSet<HalfOpen> there = new TreeSet<>(tracked);
    there.removeIf(each -> scopes.stream().noneMatch(each::isOf));
    return there;
  }

  @Override
  public synchronized void forget(Set<HalfOpen> connections) {
    tracked.removeAll(connections);
  }
}
