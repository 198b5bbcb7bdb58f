// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.route.Route;
import io.meshx.agent.route.RouteTable;
import io.meshx.agent.route.Routes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A routing table in memory. */
public final class FakeRoutes implements Routes {
  private final Set<Cidr> links;
  private final TreeSet<Route> ours = new TreeSet<>();
  private final TreeSet<Route> others = new TreeSet<>();
  private final List<String> operations = new ArrayList<>();
  private Runnable lookAgain = () -> {};

  /**
   * An empty routing table.
   *
   * @param links the networks that the host is on; a next hop must be in one
   */
  public FakeRoutes(Set<Cidr> links) {
    this.links = Set.copyOf(links);
  }

  /** Somebody else adds a route. */
  public synchronized void addOther(Route route) {
    others.add(route);
    lookAgain.run();
  }

  /** Somebody takes one of ours away. */
  public synchronized void take(Route route) {
    ours.remove(route);
    lookAgain.run();
  }

  /** Somebody removes all routes of ours, as a restart of the network's own daemon does. */
  public synchronized void wipe() {
    ours.clear();
    lookAgain.run();
  }

  /** What was changed so far, one line each. */
  public synchronized List<String> operations() {
    return List.copyOf(operations);
  }

  @Override
  public synchronized RouteTable observe() {
    return new RouteTable(ours, others);
  }

  @Override
  public synchronized void add(Route route) throws CommandFailed {
    List<String> command = List.of("ip", "route", "add", route.toString());
    if (links.stream().noneMatch(link -> link.contains(route.via()))) {
      throw new CommandFailed(command, 2, "", "Error: Nexthop has invalid gateway.");
    }
    if (Stream.concat(ours.stream(), others.stream())
        .anyMatch(there -> there.destination().equals(route.destination()))) {
      throw new CommandFailed(command, 2, "", "RTNETLINK answers: File exists");
    }
    operations.add("add " + route);
    ours.add(route);
  }

  @Override
  public synchronized void remove(Route route) {
    if (ours.remove(route)) {
      operations.add("remove " + route);
    }
  }

  @Override
  public synchronized void onChange(Runnable again) {
    lookAgain = again;
  }

  @Override
  public void close() {}

  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder();
    ours.forEach(route -> text.append(route + " proto 77\n"));
    others.forEach(route -> text.append(route + "\n"));
    return text.toString();
  }
}
