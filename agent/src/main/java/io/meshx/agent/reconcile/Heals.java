// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.firewall.HostRules;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Notices that rules which were in force were changed by somebody else, and when they are back.
 * What we change ourselves is no disturbance: then other rules are wanted than were in force.
 */
final class Heals {
  /** When somebody changed the packet filter, and who. */
  private record Suspicion(Instant at, Optional<Disturber> who) {}

  private Optional<HostRules> inForce = Optional.empty();
  private Optional<Suspicion> suspected = Optional.empty();
  private Optional<Suspicion> underWay = Optional.empty();
  private Healed healed = Healed.NONE;

  /**
   * The packet filter was changed. The first change since the last look counts. A look may be
   * quicker than the word of the change that it saw; that comes before the word of our own.
   */
  void suspect(Optional<Disturber> who, Instant now) {
    Optional<Suspicion> nameless = underWay.filter(since -> since.who().isEmpty());
    if (nameless.isPresent() && who.isPresent()) {
      underWay = Optional.of(new Suspicion(nameless.get().at(), who));
    } else if (suspected.isEmpty()) {
      suspected = Optional.of(new Suspicion(now, who));
    }
  }

  /**
   * The rules were looked at, and the plan made from that look is known.
   *
   * @param there what was seen
   * @param wanted what the plan wants instead; empty if that is what was seen
   * @param began when that look began: it says nothing of what somebody did after that
   * @return the heal that this look completes
   */
  Optional<Healed.Heal> looked(
      HostRules there, Optional<HostRules> wanted, Instant began, Instant now) {
    Optional<Healed.Heal> completed = Optional.empty();
    if (wanted.isEmpty()) {
      if (inForce.equals(Optional.of(there))) {
        completed =
            underWay.map(
                since -> new Healed.Heal(now, Duration.between(since.at(), now), since.who()));
        completed.ifPresent(heal -> healed = healed.and(heal));
      }
      inForce = Optional.of(there);
      underWay = Optional.empty();
      suspected = suspected.filter(suspicion -> suspicion.at().isAfter(began));
    } else if (wanted.equals(inForce)) {
      if (underWay.isEmpty()) {
        underWay = suspected.or(() -> Optional.of(new Suspicion(now, Optional.empty())));
      }
      suspected = Optional.empty();
    } else {
      underWay = Optional.empty();
      suspected = Optional.empty();
    }
    return completed;
  }

  /** All so far. */
  Healed healed() {
    return healed;
  }
}
