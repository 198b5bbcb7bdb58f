// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.plan.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * When a target may be changed again. The first few changes of a target come at once; a target that
 * is changed again and again, or refuses, waits longer each time.
 */
final class Backoff {
  private static final int FREE = 4;
  private static final Duration FIRST = Duration.ofMillis(250);
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Duration FORGIVEN_AFTER = Duration.ofMinutes(2);

  private record Entry(int strikes, Instant last, Instant next, String why) {}

  private final Map<Target, Entry> entries = new HashMap<>();

  /** Notes a change of a target; one that failed counts as many. */
  void note(Target target, boolean failed, String why, Instant now) {
    Entry before = entries.get(target);
    int strikes =
        before == null || before.last.plus(FORGIVEN_AFTER).isBefore(now) ? 0 : before.strikes;
    strikes += failed ? Math.max(1, FREE + 1 - strikes) : 1;
    entries.put(target, new Entry(strikes, now, now.plus(delay(strikes)), why));
  }

  /** Forgets all: somebody may just have removed the reason. */
  void forgive() {
    entries.clear();
  }

  /** When the target may be changed; not after now if it may be at once. */
  Instant next(Target target) {
    Entry entry = entries.get(target);
    return entry == null ? Instant.MIN : entry.next;
  }

  /** The targets that wait, and why. */
  SortedMap<Target, String> waiting(Instant now) {
    TreeMap<Target, String> waiting = new TreeMap<>();
    entries.forEach((target, entry) -> {
      if (entry.next.isAfter(now)) {
        waiting.put(target, entry.why);
      }
    });
    return waiting;
  }

  private static Duration delay(int strikes) {
    if (strikes <= FREE) {
      return Duration.ZERO;
    }
    Duration delay = FIRST.multipliedBy(1L << Math.min(strikes - FREE - 1, 16));
    return delay.compareTo(LONGEST) < 0 ? delay : LONGEST;
  }
}
