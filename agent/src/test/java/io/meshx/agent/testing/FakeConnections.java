// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.connection.Connection;
import io.meshx.agent.connection.Connections;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Connection tracking in memory, of a host with two addresses. */
public final class FakeConnections implements Connections {
  private static final int FIRST_PORT = 32768;

  private final TreeSet<Connection> begun = new TreeSet<>();
  private final TreeSet<Connection> tracked = new TreeSet<>();
  private final TreeSet<Connection> established = new TreeSet<>();

  /** A process begins a connection that is not redirected, and nobody answers. */
  public synchronized void begin(int uid, String address, int port) {
    Connection connection = connection(uid, address, port);
    begun.add(connection);
    tracked.add(connection);
  }

  /** A process begins a connection that is not redirected, and the other end takes it. */
  public synchronized void converse(int uid, String address, int port) {
    established.add(connection(uid, address, port));
  }

  /** The processes of a user end. */
  public synchronized void end(int uid) {
    established.removeIf(each -> each.uid() == uid);
  }

  private Connection connection(int uid, String address, int port) {
    IpAddress destination = IpAddress.parse(address);
    IpAddress source =
        switch (destination.family()) {
          case V4 -> IpAddress.parse("192.0.2.10");
          case V6 -> IpAddress.parse("2001:db8::10");
        };
    return new Connection(
        uid,
        "",
        source,
        new Port(FIRST_PORT + begun.size() + established.size()),
        destination,
        new Port(port));
  }

  /** What is still begun sends its first packet again. */
  public synchronized void tryAgain() {
    tracked.addAll(begun);
  }

  @Override
  public synchronized SortedSet<Connection> halfOpen(Set<Scope> scopes) {
    return of(tracked, scopes);
  }

  @Override
  public synchronized SortedSet<Connection> established(Set<Scope> scopes) {
    return of(established, scopes);
  }

  private static SortedSet<Connection> of(Set<Connection> all, Set<Scope> scopes) {
    TreeSet<Connection> there = new TreeSet<>(all);
    there.removeIf(each -> scopes.stream().noneMatch(each::isOf));
    return there;
  }

  @Override
  public synchronized void forget(Set<Connection> connections) {
    tracked.removeAll(connections);
  }
}
