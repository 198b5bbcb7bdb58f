// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class GrowingWaitTest {
  private final GrowingWait wait =
      new GrowingWait(
          Duration.ofMillis(20), Duration.ofSeconds(5), RandomGenerator.of("L64X128MixRandom"));

  @Test
  void growsByHalfUpToTheMostAndIsAtMostAQuarterShorter() {
    double full = 20;
    for (int i = 0; i < 30; i++) {
      double next = wait.next().toNanos() / 1e6;
      assertTrue(next <= full + 0.01 && next >= full * 0.75 - 0.01, next + " of " + full);
      full = Math.min(5000, full * 1.5);
    }
    assertEquals(5000, full);
  }

  @Test
  void beginsAnewAfterAReset() {
    for (int i = 0; i < 30; i++) {
      wait.next();
    }
    wait.reset();

    assertTrue(wait.next().compareTo(Duration.ofMillis(20)) <= 0);
  }
}
