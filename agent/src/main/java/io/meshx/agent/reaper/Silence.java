// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reaper;

import io.meshx.agent.registry.Lease;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Who has not renewed a lease for as long as it holds, by this machine's clock: those of others may
 * be wrong, so what is in a lease only shows that it was renewed.
 *
 * @param <K> by what leases are told apart
 */
final class Silence<K extends Comparable<K>> {
  private record Heard(Lease lease, Instant at) {
    Instant runsOut() {
      return at.plus(lease.lasts());
    }

    Instant isLost() {
      return runsOut().plus(lease.lasts().dividedBy(2));
    }
  }

  private final Map<K, Heard> heard = new TreeMap<>();

  /** Takes in what all leases say now. */
  void saw(Map<K, Lease> leases, Instant now) {
    heard.keySet().retainAll(leases.keySet());
    leases.forEach((key, lease) -> {
      Heard before = heard.get(key);
      if (before == null
          || !before.lease().said().equals(lease.said())
          || !before.lease().holder().equals(lease.holder())) {
        heard.put(key, new Heard(lease, now));
      }
    });
  }

  /** Nothing could be heard until now, so that nothing was heard means nothing. */
  void wasDeaf(Instant now) {
    heard.replaceAll((_, before) -> new Heard(before.lease(), now));
  }

  /** Those whose lease has run out. */
  SortedSet<K> silent(Instant now) {
    return ended(now, Heard::runsOut);
  }

  /**
   * Those whose lease ran out for half as long as it holds: by then it has run out for all who fell
   * silent at the same time, since each had renewed its own at another time within that.
   */
  SortedSet<K> lost(Instant now) {
    return ended(now, Heard::isLost);
  }

  private SortedSet<K> ended(Instant now, Function<Heard, Instant> end) {
    TreeSet<K> ended = new TreeSet<>();
    heard.forEach((key, last) -> {
      if (!now.isBefore(end.apply(last))) {
        ended.add(key);
      }
    });
    return ended;
  }

  /** When one of these says more than now; empty if none will. */
  Optional<Duration> next(Instant now) {
    return heard.values().stream()
        .flatMap(last -> Stream.of(last.runsOut(), last.isLost()))
        .map(end -> Duration.between(now, end))
        .filter(Duration::isPositive)
        .min(Duration::compareTo);
  }
}
