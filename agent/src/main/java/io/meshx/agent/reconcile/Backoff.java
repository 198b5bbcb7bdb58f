// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.plan.Aspect;
import io.meshx.agent.plan.Change;
import io.meshx.agent.plan.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * When a change may be made again. One that is refused, or asked for again as if it had never been
 * made, waits longer each time, and so does a unit that is started and stopped in turn. What took
 * effect and was undone by somebody else is made again at once, at a bounded rate.
 */
final class Backoff {
  private static final int FREE = 4;
  private static final Duration FIRST = Duration.ofMillis(250);
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Duration FORGIVEN_AFTER = Duration.ofMinutes(2);

  /** How many repeats in a row are made at once though each took effect. */
  private static final int BURST = 20;

  /** One repeat more is made at once after each of these. */
  private static final Duration REGAINED = Duration.ofMillis(100);

  /**
   * What is counted: a unit whatever is done to it, a workload whatever is said of it, and of
   * everything else each change by itself, since one target takes many: the rules change with each
   * workload that joins.
   */
  private record Counted(Target target, Optional<Change> change) {
    static Counted of(Change change) {
      if (change instanceof Change.SetReady set) {
        String said = set.readiness().ready() ? "true" : "false";
        return new Counted(
            new Target(Aspect.REGISTRY, change.target().key() + " is " + said), Optional.empty());
      }
      return new Counted(
          change.target(),
          change.target().aspect() == Aspect.UNITS ? Optional.empty() : Optional.of(change));
    }
  }

  /**
   * How often.
   *
   * @param strikes without having taken effect
   * @param recent how often at all, less what was regained since
   */
  private record Entry(int strikes, double recent, Instant last, Instant next, String why) {
    Entry settled() {
      return new Entry(0, recent, last, recent > BURST ? last.plus(FIRST) : last, why);
    }
  }

  private final Map<Counted, Entry> entries = new HashMap<>();

  /** Notes that a change was made; one that failed counts as many. */
  void note(Change change, boolean failed, String why, Instant now) {
    entries.values().removeIf(entry -> entry.last.plus(FORGIVEN_AFTER).isBefore(now));
    if (!failed && change instanceof Change.SetReady set && !set.readiness().ready()) {
      // Only that it is ready again and again is said later and later.
      return;
    }
    Counted counted = Counted.of(change);
    Entry before = entries.getOrDefault(counted, new Entry(0, 0, now, now, why));
    double regained = (double) Duration.between(before.last, now).toNanos() / REGAINED.toNanos();
    double recent = Math.max(0, before.recent - regained) + 1;
    int strikes = before.strikes + (failed ? Math.max(1, FREE + 1 - before.strikes) : 1);
    entries.put(counted, new Entry(strikes, recent, now, now.plus(delay(strikes)), why));
  }

  /**
   * Says that all other changes than these have taken effect, as far as they were looked at.
   *
   * @param wanted the changes that the plan still asks for
   * @param busy targets that were not looked at since they were changed
   */
  void settle(Collection<Change> wanted, Set<Target> busy) {
    entries.replaceAll((counted, entry) ->
        counted.change.filter(change -> !wanted.contains(change)).isPresent()
                && !busy.contains(counted.target)
                && entry.strikes > 0
            ? entry.settled()
            : entry);
  }

  /** Forgets all: somebody may just have removed the reason. */
  void forgive() {
    entries.clear();
  }

  /** When a change may be made; not after now if it may be at once. */
  Instant next(Change change) {
    Entry entry = entries.get(Counted.of(change));
    return entry == null ? Instant.MIN : entry.next;
  }

  /** The targets that wait, and why. */
  SortedMap<Target, String> waiting(Instant now) {
    TreeMap<Target, String> waiting = new TreeMap<>();
    entries.forEach((counted, entry) -> {
      if (entry.next.isAfter(now)) {
        waiting.put(counted.target, entry.why);
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
