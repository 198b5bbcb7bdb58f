// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FreshnessTest {
  private static final Instant FROM = Instant.parse("2027-01-01T00:00:00Z");
  private static final Instant TO = FROM.plus(Duration.ofHours(1));

  private static Freshness left(Instant to, Duration left) {
    return Freshness.at(to.minus(left), FROM, to);
  }

  @Test
  void isFreshUntilHalfOfWhatWasLeftAtItsRenewalIsOver() {
    assertEquals(Freshness.FRESH, left(TO, Duration.ofMinutes(60)));
    assertEquals(Freshness.FRESH, left(TO, Duration.ofMinutes(15)));
    assertEquals(Freshness.LATE, left(TO, Duration.ofMinutes(15).minusSeconds(5)));
    assertEquals(Freshness.LATE, left(TO, Duration.ofSeconds(451)));
    assertEquals(Freshness.ENDING, left(TO, Duration.ofSeconds(450)));
    assertEquals(Freshness.ENDING, left(TO, Duration.ofNanos(1)));
    assertEquals(Freshness.EXPIRED, left(TO, Duration.ZERO));
  }

  /** SPIRE looks for those that are due every 5 seconds only. */
  @Test
  void aShortOneIsNotLateBeforeSpireHasLooked() {
    Instant to = FROM.plusSeconds(20);

    assertEquals(Freshness.FRESH, left(to, Duration.ofMillis(2501)));
    assertEquals(Freshness.ENDING, left(to, Duration.ofMillis(2500)));
  }

  @Test
  void changesAtEachBoundaryOnce() {
    Optional<Instant> next = Freshness.nextChange(FROM, FROM, TO);
    assertEquals(Optional.of(TO.minus(Duration.ofMinutes(15)).plusSeconds(5)), next);
    next = Freshness.nextChange(next.get(), FROM, TO);
    assertEquals(Optional.of(TO.minusSeconds(450)), next);
    next = Freshness.nextChange(next.get(), FROM, TO);
    assertEquals(Optional.of(TO), next);
    assertEquals(Optional.empty(), Freshness.nextChange(TO, FROM, TO));
  }

  @Test
  void isRenewedInTheMiddle() {
    assertEquals(FROM.plus(Duration.ofMinutes(30)), Freshness.renewal(FROM, TO));
  }
}
