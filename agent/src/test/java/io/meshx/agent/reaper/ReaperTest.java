// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reaper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.testing.FakeFleet;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Hosts that die, and what only looks so. */
final class ReaperTest {
  private static final Duration LEASE = Duration.ofSeconds(90);

  /** So long nobody is told: others may fall silent too. */
  private static final Duration LOST = Duration.ofSeconds(135);

  private static final Duration TICK = Duration.ofSeconds(5);
  private static final int HALF = 50;

  private final FakeFleet fleet = new FakeFleet();
  private Instant now = Instant.parse("2026-11-28T00:00:00Z");
  private final Reaper reaper = new Reaper(fleet, "one", HALF, () -> now);

  private static WorkloadName host(int number) {
    return new WorkloadName("vm-" + number);
  }

  private static ResourceName workload(int number) {
    return new ResourceName(new WorkloadName("mixed-env"), new WorkloadName("web-vm-" + number));
  }

  private void hosts(int many) {
    for (int number = 1; number <= many; number++) {
      serves(number);
    }
  }

  private void serves(int number) {
    fleet.renew(host(number), LEASE);
    fleet.say(host(number), workload(number), new Readiness(true, "Joined", "it is served"));
  }

  /** Lets time pass in which these hosts renew their leases. */
  private void pass(Duration time, int... living) {
    Instant end = now.plus(time);
    while (now.isBefore(end)) {
      now = now.plus(TICK);
      for (int each : living) {
        fleet.renew(host(each), LEASE);
      }
      reaper.turn();
    }
  }

  private boolean ready(int number) {
    return fleet.readiness(workload(number)).ready();
  }

  @Test
  void aHostThatDiesIsToldOfWhenItsLeaseHasRunOut() {
    hosts(2);
    pass(TICK, 1, 2);

    pass(LOST.minus(TICK), 1);
    assertTrue(ready(2));
    pass(TICK, 1);

    assertFalse(ready(2));
    assertTrue(ready(1));
    assertEquals("HostLost", fleet.readiness(workload(2)).reason());
    assertTrue(
        fleet.readiness(workload(2)).message().contains("meshx-hosts/vm-2 for 90 s"),
        fleet.readiness(workload(2))::message);
  }

  @Test
  void oneThatStartsGivesEachHostItsWholeLease() {
    hosts(1);

    pass(LOST.minus(TICK));
    assertTrue(ready(1));
    pass(TICK.multipliedBy(2));

    assertFalse(ready(1));
  }

  @Test
  void aHostThatComesBackIsToldOfAgain() {
    hosts(2);
    pass(LOST.plus(TICK), 1);
    assertFalse(ready(2));

    serves(2);
    pass(LEASE.multipliedBy(2), 1, 2);
    assertTrue(ready(2));
    pass(LOST.plus(TICK), 1);

    assertFalse(ready(2));
  }

  @Test
  void anAgentThatWasStoppedIsNoHostThatDied() {
    hosts(2);
    pass(TICK, 1, 2);

    fleet.give(host(2));
    pass(LEASE.multipliedBy(3), 1);

    assertTrue(ready(2));
  }

  @Test
  void whileTheApiIsAwayNoTimePasses() {
    hosts(1);
    pass(TICK, 1);

    fleet.fail(Optional.of("no route to host"));
    pass(LEASE.multipliedBy(3));
    fleet.fail(Optional.empty());
    pass(LOST.minus(TICK));
    assertTrue(ready(1));
    pass(TICK.multipliedBy(2));

    assertFalse(ready(1));
  }

  @Test
  void whatIsOnlyHeardLateIsAskedFor() {
    hosts(3);
    pass(TICK, 1, 2, 3);

    fleet.silent(true);
    pass(LEASE.multipliedBy(2), 1, 2, 3);

    assertTrue(ready(1) && ready(2) && ready(3));
  }

  @Test
  void whenMostAreSilentAtOnceNothingIsSaid() {
    hosts(4);
    pass(TICK, 1, 2, 3, 4);

    pass(LEASE.multipliedBy(2), 1);
    assertTrue(ready(2) && ready(3) && ready(4));
    pass(LEASE.multipliedBy(2), 1, 2);

    assertFalse(ready(3) || ready(4));
    assertTrue(ready(2));
  }

  /** Each had renewed its lease at another time, so they run out one after the other. */
  @Test
  void whenAllAreCutOffAtOnceNothingIsSaidOfAnyOfThem() {
    hosts(9);
    for (int number = 1; number <= 9; number++) {
      pass(TICK, number);
    }
    pass(LEASE.multipliedBy(3));

    for (int number = 1; number <= 9; number++) {
      assertTrue(ready(number), "host " + number);
    }
  }

  @Test
  void hostsThatDieOneAfterTheOtherAreAllToldOf() {
    hosts(4);
    pass(LOST.plus(TICK), 1, 2, 3);
    pass(LOST.plus(TICK), 1, 2);
    pass(LOST.plus(TICK), 1);
    pass(LOST.plus(TICK));

    assertFalse(ready(1) || ready(2) || ready(3) || ready(4));
  }

  @Test
  void oneActsAndAnotherTakesOver() {
    hosts(1);
    Reaper second = new Reaper(fleet, "two", HALF, () -> now);
    reaper.turn();
    second.turn();
    assertTrue(reaper.leads());
    assertFalse(second.leads());
    pass(LEASE.multipliedBy(2), 1);
    second.turn();
    assertEquals(Optional.of("one"), fleet.observe().leader().flatMap(Lease::holder));

    // The first is no more, and neither is the host.
    Instant end = now.plus(LOST).plusSeconds(20);
    while (now.isBefore(end)) {
      now = now.plus(TICK);
      second.turn();
    }

    assertTrue(second.leads());
    assertFalse(ready(1));
    assertFalse(reaper.leads());
  }
}
