// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link Routes} does, on a host that is on the {@link #LINKS}. */
public abstract class RoutesContract {
  /** The networks that the host is on; it has the first address of each. */
  protected static final List<Cidr> LINKS =
      List.of(Cidr.parse("10.99.0.0/24"), Cidr.parse("fd99::/64"));

  private static final Route PODS = route("10.244.0.0/16", "10.99.0.2");
  private static final Route POD = route("10.245.1.2/32", "10.99.0.3");
  private static final Route PODS_6 = route("fd10:244::/48", "fd99::2");
  private static final Route POD_6 = route("fd10:245::5/128", "fd99::3");
  private static final List<Route> ALL = List.of(PODS, POD, PODS_6, POD_6);

  private static final int MOST = 100;

  private String before = "";

  /** A route. */
  protected static Route route(String destination, String via) {
    return new Route(Cidr.parse(destination), IpAddress.parse(via));
  }

  /** The routing table under test. */
  protected abstract Routes routes();

  /** All routes of the host, ours and others', in a comparable form. */
  protected abstract String host() throws HostException;

  /** Makes somebody else add a route. */
  protected abstract void addOther(Route route) throws HostException;

  /** The changes made so far through the table under test. */
  protected abstract List<String> operations();

  /** Makes the host ready; run before each test. */
  protected void open() throws HostException {}

  /** Takes the host away; run after each test. */
  protected void close() throws HostException {}

  @BeforeEach
  void rememberTheHost() throws HostException {
    open();
    before = host();
  }

  @AfterEach
  void lookAtTheHostAgain() throws HostException {
    try {
      secondPassChangesNothingAndRemovingOursLeavesTheHostAsItWas();
    } finally {
      close();
    }
  }

  private void secondPassChangesNothingAndRemovingOursLeavesTheHostAsItWas() throws HostException {
    bring(new TreeSet<>(ALL));
    List<String> operations = operations();
    bring(new TreeSet<>(ALL));
    assertEquals(operations, operations());

    bring(new TreeSet<>());
    assertEquals(before, host());
  }

  private void bring(Set<Route> wanted) throws HostException {
    Set<Route> there = routes().observe().ours();
    for (Route route : there) {
      if (!wanted.contains(route)) {
        routes().remove(route);
      }
    }
    for (Route route : wanted) {
      if (!there.contains(route)) {
        routes().add(route);
      }
    }
  }

  @Test
  void hostHasNoRoutesOfOursAtFirst() throws HostException {
    assertEquals(Set.of(), routes().observe().ours());
  }

  @Test
  void addedRoutesAreOurs() throws HostException {
    for (Route route : ALL) {
      routes().add(route);
    }

    assertEquals(Set.copyOf(ALL), routes().observe().ours());
    assertEquals(Set.of(), routes().observe().others());
  }

  @Test
  void removedRouteIsGone() throws HostException {
    routes().add(PODS);
    routes().add(PODS_6);
    routes().remove(PODS);

    assertEquals(Set.of(PODS_6), routes().observe().ours());
  }

  @Test
  void routeThatIsGoneIsRemovedWithoutAnError() throws HostException {
    for (Route route : ALL) {
      routes().remove(route);
    }

    assertEquals(before, host());
  }

  @Test
  void routeOfSomebodyElseIsSeenAndNeverRemoved() throws HostException {
    Route other = route("10.96.0.0/16", "10.99.0.2");
    Route other6 = route("fd10:96::/108", "fd99::2");
    addOther(other);
    addOther(other6);
    routes().remove(other);
    routes().remove(other6);

    assertEquals(Set.of(other, other6), routes().observe().others());
    before = host();
  }

  @Test
  void destinationThatIsTakenIsRefused() throws HostException {
    addOther(route("10.97.0.0/16", "10.99.0.4"));
    before = host();

    assertThrows(HostException.class, () -> routes().add(route("10.97.0.0/16", "10.99.0.2")));
    routes().add(PODS);
    assertThrows(HostException.class, () -> routes().add(PODS));
    assertEquals(Set.of(PODS), routes().observe().ours());
  }

  /** Makes somebody else take one of our routes away. */
  protected abstract void take(Route route) throws HostException;

  /** Permits of what is told from now on. */
  protected Semaphore told() throws HostException, InterruptedException {
    Semaphore told = new Semaphore(0);
    routes().onChange(told::release);
    // What happens before somebody listens may not be told.
    int number = 0;
    do {
      addOther(route("10.98." + number + ".0/24", "10.99.0.2"));
      number++;
    } while (!told.tryAcquire(200, TimeUnit.MILLISECONDS) && number < MOST);
    told.drainPermits();
    return told;
  }

  @Test
  void whatSomebodyElseDoesIsTold() throws Exception {
    routes().add(PODS);
    Semaphore told = told();

    take(PODS);

    assertTrue(told.tryAcquire(20, TimeUnit.SECONDS), "nobody said that a route is gone");
    assertEquals(Set.of(), routes().observe().ours());
    before = host();
  }

  @Test
  void nextHopOutsideOfEveryLinkIsRefused() throws HostException {
    assertThrows(HostException.class, () -> routes().add(route("10.97.0.0/16", "192.0.2.1")));
    assertThrows(HostException.class, () -> routes().add(route("fd11::/48", "fd98::1")));

    assertEquals(before, host());
  }
}
