// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private final Backoff backoff = new Backoff(Pace.USUAL, RandomGenerator.of("L64X128MixRandom"));

  @Test
  void growsByHalfUpToTheMostAndIsAtMostAQuarterShorter() {
    double full = 20;
    for (int i = 0; i < 30; i++) {
      double wait = backoff.next().toNanos() / 1e6;
      assertTrue(wait <= full + 0.01 && wait >= full * 0.75 - 0.01, wait + " of " + full);
      full = Math.min(5000, full * 1.5);
    }
    assertEquals(5000, full);
  }

  @Test
  void beginsAnewAfterAReset() {
    for (int i = 0; i < 30; i++) {
      backoff.next();
    }
    backoff.reset();

    assertTrue(backoff.next().compareTo(Duration.ofMillis(20)) <= 0);
  }
}
