// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Growing waits: each half as long again as the one before, up to a quarter shorter by chance. */
final class Backoff {
  private final long first;
  private final long most;
  private final RandomGenerator random;
  private long next;

  Backoff(Pace pace, RandomGenerator random) {
    this.first = pace.first().toNanos();
    this.most = pace.most().toNanos();
    this.random = random;
    this.next = first;
  }

  /** The next wait. */
  Duration next() {
    long wait = next;
    next = Math.min(most, next + next / 2);
    return Duration.ofNanos(wait - random.nextLong(wait / 4 + 1));
  }

  /** Begins anew. */
  void reset() {
    next = first;
  }
}
