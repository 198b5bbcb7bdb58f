// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.fail;

import io.meshx.agent.model.HostException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks at something until it is as expected, and only when it was told to look again: so a wait
 * that ends also shows that the telling works.
 */
public final class Look {
  private static final int PATIENCE_SECONDS = 20;

  private final Semaphore told = new Semaphore(1);

  /** What to do to look. */
  public interface Observation<T> {
    /** Looks once. */
    T look() throws HostException;
  }

  /** Says that something may have changed. */
  public void again() {
    told.release();
  }

  /** Forgets what was told until now. */
  public void forget() {
    told.drainPermits();
  }

  /**
   * Looks now and each time it is told to, until the observation is as expected; one that cannot be
   * made counts as not as expected.
   */
  public <T> T until(Observation<T> observation, Predicate<T> expected)
      throws InterruptedException {
    @Nullable Object last = null;
    do {
      told.drainPermits();
      try {
        T seen = observation.look();
        if (expected.test(seen)) {
          return seen;
        }
        last = seen;
      } catch (HostException e) {
        last = e;
      }
    } while (told.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS));
    return fail("nobody said to look again; last seen: " + last);
  }
}
