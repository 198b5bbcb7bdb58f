// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.Look;
import io.meshx.agent.unit.OurUnits;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What all probes do, those of a host and those of a test. */
public abstract class HealthContract {
  protected static final WorkloadName WEB = new WorkloadName("web");
  private static final Confinement CONFINEMENT =
      new Confinement(Optional.empty(), OurUnits.WORKLOAD_SLICE, Optional.empty());

  private final Look look = new Look();

  /** The probes; the same at each call. */
  protected abstract Health health();

  /** What is tried; the same at each call. */
  protected abstract Target target();

  /** Has the target answer, or not. */
  protected abstract void serve(boolean whether) throws Exception;

  @BeforeEach
  final void listen() {
    health().onChange(look::again);
  }

  protected final void follow(String run) {
    health().follow(new TreeMap<>(Map.of(WEB, watched(run, target()))));
  }

  protected static Watched watched(String run, Target target) {
    return new Watched(
        run,
        CONFINEMENT,
        List.of(
            new Probe(target, Duration.ofMillis(50), Duration.ofSeconds(5), Duration.ZERO, 1, 1)));
  }

  protected final ProbeState until(Predicate<ProbeState> wanted) throws InterruptedException {
    return look.until(
            () -> health().observe().getOrDefault(WEB, List.of()),
            states -> !states.isEmpty() && wanted.test(states.getFirst()))
        .getFirst();
  }

  protected static boolean passing(ProbeState state) {
    return state.verdict() instanceof Verdict.Passing;
  }

  protected static boolean failing(ProbeState state) {
    return state.verdict() instanceof Verdict.Failing;
  }

  @Test
  void whatServesPassesAndWhatDoesNotFails() throws Exception {
    serve(true);
    follow("first");
    until(HealthContract::passing);

    serve(false);
    ProbeState failed = until(HealthContract::failing);
    assertEquals(target(), failed.target());
    assertEquals(1, failed.falls());
    assertTrue(failed.verdict() instanceof Verdict.Failing(String why) && !why.isEmpty());

    serve(true);
    assertEquals(1, until(HealthContract::passing).falls());
  }

  @Test
  void ofAnotherRunNothingIsKnown() throws Exception {
    serve(true);
    follow("first");
    until(HealthContract::passing);
    serve(false);
    until(HealthContract::failing);
    serve(true);

    follow("second");

    assertEquals(0, until(HealthContract::passing).falls());
  }

  @Test
  void whatIsNotFollowedIsNotKnown() throws Exception {
    serve(true);
    follow("first");
    until(HealthContract::passing);

    health().follow(new TreeMap<>());

    assertEquals(Map.of(), health().observe());
  }
}
