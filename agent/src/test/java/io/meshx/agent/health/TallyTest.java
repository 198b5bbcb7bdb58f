// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.UnitName;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** When tries say something. */
final class TallyTest {
  private static final Duration PERIOD = Duration.ofSeconds(10);
  private static final Target TARGET = new Target.Active(new UnitName("web.socket"));

  private Instant now = Instant.parse("2026-11-28T00:00:00Z");
  private final Tally tally =
      new Tally(new Probe(TARGET, PERIOD, Duration.ofSeconds(1), Duration.ZERO, 3, 2));

  private void fails(int times) {
    for (int i = 0; i < times; i++) {
      tally.failed("no", now);
      now = now.plus(PERIOD);
    }
  }

  private void says(Verdict verdict, int falls) {
    assertEquals(new ProbeState(TARGET, verdict, falls), tally.state());
  }

  @Test
  void soManyInARowAreNeededEachWay() {
    tally.passed();
    says(new Verdict.Pending(""), 0);
    tally.passed();
    says(new Verdict.Passing(), 0);

    fails(2);
    says(new Verdict.Passing(), 0);
    tally.passed();
    fails(2);
    says(new Verdict.Passing(), 0);
    fails(1);
    says(new Verdict.Failing("no"), 1);

    tally.passed();
    says(new Verdict.Failing("no"), 1);
    fails(1);
    tally.passed();
    tally.passed();
    says(new Verdict.Passing(), 1);
  }

  @Test
  void whatIsTriedOftenAtTheStartDoesNotFailSooner() {
    assertEquals(Duration.ofMillis(500), tally.pause());
    for (int i = 0; i < 40; i++) {
      tally.failed("not yet", now);
      says(new Verdict.Pending("not yet"), 0);
      now = now.plusMillis(500);
    }

    tally.failed("never", now);

    says(new Verdict.Failing("never"), 0);
    assertEquals(PERIOD, tally.pause());
  }
}
