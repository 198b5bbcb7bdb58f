// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.WorkloadName;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What every fleet does; run by the real one against a real API server, and by the fake. */
public abstract class FleetContract {
  protected static final WorkloadName HOST = new WorkloadName("vm-1");
  protected static final WorkloadName OTHER = new WorkloadName("vm-2");
  private static final Duration LASTS = Duration.ofSeconds(15);
  private static final Readiness LOST = new Readiness(false, "HostLost", "host vm-1 is lost");
  private static final long PATIENCE_SECONDS = 30;

  private final LinkedBlockingQueue<Boolean> signals = new LinkedBlockingQueue<>();

  /** A fleet; the same at each call. */
  protected abstract Fleet fleet();

  /** A host takes its lease, or renews it. */
  protected abstract void renews(WorkloadName host) throws Exception;

  /** A host gives its lease back. */
  protected abstract void gives(WorkloadName host) throws Exception;

  /** A host has a workload that is ready. */
  protected abstract ResourceName serves(WorkloadName host, String name) throws Exception;

  /** What a workload says of being ready. */
  protected abstract Readiness readiness(ResourceName resource) throws Exception;

  protected final FleetView await(Predicate<FleetView> wanted) throws InterruptedException {
    fleet().onChange(() -> signals.add(true));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    FleetView view = fleet().observe();
    while (!wanted.test(view)) {
      assertTrue(System.nanoTime() < end, view.toString());
      signals.poll(100, TimeUnit.MILLISECONDS);
      view = fleet().observe();
    }
    return view;
  }

  private Lease awaitLease(Predicate<Lease> wanted) throws InterruptedException {
    return Objects.requireNonNull(
        await(
                view -> {
                  Lease there = view.hosts().get(HOST);
                  return there != null && wanted.test(there);
                })
            .hosts()
            .get(HOST),
        "it was there");
  }

  @Test
  void hostsAreSeenWhileTheyHoldALease() throws Exception {
    renews(HOST);
    Lease first = awaitLease(lease -> true);
    assertEquals(Optional.of("vm-1"), first.holder());

    renews(HOST);
    awaitLease(lease -> !lease.said().equals(first.said()));
    gives(HOST);

    await(view -> view.listed() && !view.hosts().containsKey(HOST));
    assertEquals(Optional.empty(), fleet().ask(HOST).flatMap(Lease::holder));
    assertEquals(Optional.empty(), fleet().ask(new WorkloadName("nobody")));
  }

  @Test
  void oneLeads() throws Exception {
    await(FleetView::listed);
    Optional<Lease> none = fleet().observe().leader();

    assertTrue(fleet().lead(none, "one", LASTS));
    Lease first = await(view -> leads(view, "one")).leader().orElseThrow();
    assertFalse(fleet().lead(none, "two", LASTS));
    assertTrue(fleet().lead(Optional.of(first), "one", LASTS));
    Lease second =
        await(view -> view.leader().filter(lease -> !lease.said().equals(first.said())).isPresent())
            .leader()
            .orElseThrow();
    assertFalse(fleet().lead(Optional.of(first), "two", LASTS));

    fleet().resign(first);
    await(view -> leads(view, "one"));
    fleet().resign(second);
    Lease free = await(view -> !leads(view, "one")).leader().orElseThrow();
    assertTrue(fleet().lead(Optional.of(free), "two", LASTS));
    fleet().resign(await(view -> leads(view, "two")).leader().orElseThrow());
  }

  private static boolean leads(FleetView view, String who) {
    return view.leader().flatMap(Lease::holder).equals(Optional.of(who));
  }

  @Test
  void theWorkloadsOfAHostAreAbandonedAndNoOthers() throws Exception {
    renews(HOST);
    ResourceName first = serves(HOST, "first");
    ResourceName second = serves(HOST, "second");
    ResourceName others = serves(OTHER, "others");
    Lease seen = awaitLease(lease -> true);

    assertEquals(List.of(first, second), fleet().abandon(HOST, seen, LOST));

    assertEquals(LOST, readiness(first));
    assertEquals(LOST, readiness(second));
    assertTrue(readiness(others).ready());
    await(view -> !view.hosts().containsKey(HOST));
    assertEquals(List.of(), fleet().abandon(HOST, seen, LOST));
  }

  @Test
  void aHostThatComesBackMeanwhileKeepsItsLease() throws Exception {
    renews(HOST);
    Lease seen = awaitLease(lease -> true);
    renews(HOST);

    fleet().abandon(HOST, seen, LOST);

    awaitLease(lease -> !lease.said().equals(seen.said()));
    gives(HOST);
    await(view -> !view.hosts().containsKey(HOST));
  }
}
