// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The one place where the lab and its tests wait for something to become true. */
public final class Await {
  private static final long PAUSE_NANOS = Duration.ofMillis(15).toNanos();

  private Await() {}

  /**
   * Waits until the condition holds, asking it about every 15 ms.
   *
   * @param what what is waited for, in the words of the failure
   * @throws LabException when it does not hold in time
   */
  public static void until(String what, Duration timeout, BooleanSupplier condition) {
    Optional<Boolean> held =
        value(timeout, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty());
    if (held.isEmpty()) {
      throw new LabException("waited %s for %s, in vain".formatted(text(timeout), what));
    }
  }

  /**
   * Waits until the command succeeds, and hands back its result.
   *
   * @throws LabException when it does not succeed in time, with its last result
   */
  public static Result success(String what, Duration timeout, Supplier<Result> command) {
    return result(what, timeout, command, Result::succeeded);
  }

  /**
   * Waits until the result of a command, run again and again, is as wanted.
   *
   * @throws LabException when it is not in time, with the last result
   */
  public static Result result(
      String what, Duration timeout, Supplier<Result> command, Predicate<Result> wanted) {
    Result[] last = new Result[1];
    Optional<Result> found =
        value(
            timeout,
            () -> {
              last[0] = command.get();
              return wanted.test(last[0]) ? Optional.of(last[0]) : Optional.empty();
            });
    return found.orElseThrow(() ->
        new LabException(
            "waited %s for %s, in vain; last: %s".formatted(text(timeout), what, last[0])));
  }

  /** Asks at least once, about every 15 ms, until there is a value or the time is over. */
  public static <T> Optional<T> value(Duration timeout, Supplier<Optional<T>> source) {
    long deadline = System.nanoTime() + Patience.of(timeout).toNanos();
    while (true) {
      Optional<T> value = source.get();
      if (value.isPresent() || System.nanoTime() - deadline >= 0) {
        return value;
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new LabException("interrupted while waiting");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private static String text(Duration timeout) {
    return "%.1f s".formatted(Patience.of(timeout).toMillis() / 1000.0);
  }
}
