// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What all {@link Connections} do, on a host that redirects ports 97 and 99 and has a neighbour who
 * never answers, and another one who does.
 */
public abstract class ConnectionsContract {
  private static final int WEB = 3000;
  private static final int SOMEBODY = 3005;

  /** Addresses of the neighbour: IPv4, IPv6, and IPv4 as a socket for both families has it. */
  protected static final List<String> NEIGHBOUR = List.of("10.99.0.2", "fd99::2");

  /** The neighbour who takes every connection to port 90. */
  protected static final String TALKER = "10.99.0.3";

  /** The connections under test. */
  protected abstract Connections connections();

  /** A process of a user begins a connection, and waits. */
  protected abstract void begin(int uid, String address, int port) throws HostException;

  /** A process of a user has a connection that was answered. */
  protected abstract void converse(int uid, String address, int port) throws HostException;

  /** All connections are tried again, as TCP does after a while. */
  protected abstract void tryAgain() throws HostException;

  /** Lets go of the host; run after each test. */
  protected void end() throws HostException {}

  @AfterEach
  void letGo() throws HostException {
    end();
  }

  /** Users as a scope each. */
  protected static Set<Scope> users(Integer... uids) {
    return Stream.of(uids).map(Scope.User::new).collect(Collectors.toSet());
  }

  private List<String> begun(Integer... uids) throws HostException {
    return connections().halfOpen(users(uids)).stream()
        .map(each -> each.uid() + " " + each.destination() + " " + each.destinationPort())
        .toList();
  }

  @Test
  void connectionsOfTheGivenUsersAreFoundInBothFamilies() throws HostException {
    begin(WEB, NEIGHBOUR.getFirst(), 80);
    begin(WEB, NEIGHBOUR.getLast(), 81);
    begin(WEB, "::ffff:" + NEIGHBOUR.getFirst(), 82);
    begin(SOMEBODY, NEIGHBOUR.getFirst(), 80);

    assertEquals(
        Set.of("3000 10.99.0.2 80", "3000 fd99::2 81", "3000 10.99.0.2 82"),
        Set.copyOf(begun(WEB)));
    assertEquals(4, begun(WEB, SOMEBODY).size());
    assertEquals(List.of(), begun(4000));
  }

  @Test
  void establishedOnesAreFoundByUserAndHalfOpenOnesAreNotAmongThem() throws HostException {
    converse(WEB, TALKER, 90);
    converse(SOMEBODY, TALKER, 90);
    begin(WEB, NEIGHBOUR.getFirst(), 80);

    assertEquals(
        List.of("3000 10.99.0.3 90"),
        connections().established(users(WEB)).stream()
            .map(each -> each.uid() + " " + each.destination() + " " + each.destinationPort())
            .toList());
    assertEquals(2, connections().established(users(WEB, SOMEBODY)).size());
    assertEquals(List.of("3000 10.99.0.2 80"), begun(WEB));
  }

  @Test
  void aRedirectedConnectionIsNotAmongThem() throws HostException {
    begin(WEB, NEIGHBOUR.getFirst(), 99);
    assertEquals(List.of(), begun(WEB));
  }

  @Test
  void whatIsForgottenIsNoneUntilItIsTriedAgain() throws HostException {
    begin(WEB, NEIGHBOUR.getFirst(), 80);
    begin(WEB, NEIGHBOUR.getLast(), 81);

    connections().forget(connections().halfOpen(users(WEB)));

    assertEquals(List.of(), begun(WEB));
    tryAgain();
    assertEquals(2, begun(WEB).size());
  }

  @Test
  void forgettingOneLeavesTheOthersAndForgettingItTwiceIsNoError() throws HostException {
    begin(WEB, NEIGHBOUR.getFirst(), 80);
    begin(WEB, NEIGHBOUR.getFirst(), 81);
    Connection first =
        connections().halfOpen(users(WEB)).stream()
            .filter(each -> each.destinationPort().equals(new Port(80)))
            .findFirst()
            .orElseThrow();

    connections().forget(Set.of(first));
    connections().forget(Set.of(first));

    assertEquals(List.of("3000 10.99.0.2 81"), begun(WEB));
  }

  @Test
  void nothingIsForgottenOfAConnectionThatNeverWas() throws HostException {
    IpAddress nowhere = IpAddress.parse("203.0.113.1");
    connections()
        .forget(Set.of(new Connection(WEB, "", nowhere, new Port(1), nowhere, new Port(2))));
    assertEquals(List.of(), Stream.of(begun(WEB)).flatMap(List::stream).toList());
  }
}
