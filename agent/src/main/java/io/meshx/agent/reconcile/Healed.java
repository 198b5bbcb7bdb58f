// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.firewall.Disturber;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How often rules that somebody changed were put back since the agent started.
 *
 * @param count how often
 * @param total how long all of them took together
 * @param longest how long the slowest took
 * @param last the last one
 */
public record Healed(long count, Duration total, Duration longest, Optional<Heal> last) {
  /** Never. */
  public static final Healed NONE = new Healed(0, Duration.ZERO, Duration.ZERO, Optional.empty());

  /**
   * One of them.
   *
   * @param at when the rules were seen to be back
   * @param took since they were changed, or since that was noticed where nobody said so before
   * @param by who changed them, where the kernel says so
   */
  public record Heal(Instant at, Duration took, Optional<Disturber> by) {}

  Healed and(Heal heal) {
    return new Healed(
        count + 1,
        total.plus(heal.took()),
        heal.took().compareTo(longest) > 0 ? heal.took() : longest,
        Optional.of(heal));
  }
}
