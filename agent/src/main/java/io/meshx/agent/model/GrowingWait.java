// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Growing waits: each half as long again as the one before, up to a quarter shorter by chance. */
public final class GrowingWait {
  private final long first;
  private final long most;
  private final RandomGenerator random;
  private long next;

  /**
   * Begins with the shortest.
   *
   * @param first the shortest
   * @param most the longest
   */
  public GrowingWait(Duration first, Duration most, RandomGenerator random) {
    this.first = first.toNanos();
    this.most = most.toNanos();
    this.random = random;
    this.next = this.first;
  }

  /** The next wait. */
  public Duration next() {
    long wait = next;
    next = Math.min(most, next + next / 2);
    return Duration.ofNanos(wait - random.nextLong(wait / 4 + 1));
  }

  /** Begins anew. */
  public void reset() {
    next = first;
  }
}
