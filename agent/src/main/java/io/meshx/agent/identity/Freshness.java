// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How far an SVID is from the end of its validity. SPIRE renews one when half of it is over, give
 * or take a tenth, and looks for those that are due every five seconds (spire v1.15.3,
 * pkg/common/rotationutil/rotationutil.go, pkg/agent/manager/manager.go).
 */
public enum Freshness {
  /** Its renewal is due later, or now. */
  FRESH,
  /** Half of what was left when its renewal was due is over too. */
  LATE,
  /** An eighth of its validity is left. */
  ENDING,
  /** Its validity is over. */
  EXPIRED;

  private static final Duration SPIRE_LOOKS = Duration.ofSeconds(5);

  /** How fresh a certificate of this validity is at a time. */
  public static Freshness at(Instant now, Instant notBefore, Instant notAfter) {
    Duration life = Duration.between(notBefore, notAfter);
    Duration left = Duration.between(now, notAfter);
    if (!left.isPositive()) {
      return EXPIRED;
    }
    if (left.compareTo(life.dividedBy(8)) <= 0) {
      return ENDING;
    }
    return left.compareTo(life.dividedBy(4).minus(SPIRE_LOOKS)) <= 0 ? LATE : FRESH;
  }

  /** When a certificate of this validity becomes less fresh, after a time; empty if never again. */
  public static Optional<Instant> nextChange(Instant now, Instant notBefore, Instant notAfter) {
    Duration life = Duration.between(notBefore, notAfter);
    return List.of(
            notAfter.minus(life.dividedBy(4).minus(SPIRE_LOOKS)),
            notAfter.minus(life.dividedBy(8)),
            notAfter)
        .stream()
        .filter(boundary -> boundary.isAfter(now))
        .min(Instant::compareTo);
  }

  /** When SPIRE should renew a certificate of this validity, give or take. */
  public static Instant renewal(Instant notBefore, Instant notAfter) {
    return notAfter.minus(Duration.between(notBefore, notAfter).dividedBy(2));
  }
}
