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

/**
 * Who has not renewed a lease for as long as it holds, by this machine's clock: those of others may
 * be wrong, so what is in a lease only shows that it was renewed.
 *
 * @param <K> by what leases are told apart
 */
final class Silence<K extends Comparable<K>> {
  private record Heard(Lease lease, Instant at) {}

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
    TreeSet<K> silent = new TreeSet<>();
    heard.forEach((key, last) -> {
      if (!now.isBefore(last.at().plus(last.lease().lasts()))) {
        silent.add(key);
      }
    });
    return silent;
  }

  /** When the next one runs out; empty if there is none that can. */
  Optional<Duration> next(Instant now) {
    return heard.values().stream()
        .map(last -> Duration.between(now, last.at().plus(last.lease().lasts())))
        .filter(Duration::isPositive)
        .min(Duration::compareTo);
  }
}
