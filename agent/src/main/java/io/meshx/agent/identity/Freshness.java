// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

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
    if (!now.isBefore(notAfter)) {
      return EXPIRED;
    }
    if (!now.isBefore(ending(notBefore, notAfter))) {
      return ENDING;
    }
    return now.isBefore(late(notBefore, notAfter)) ? FRESH : LATE;
  }

  /** When a certificate of this validity becomes less fresh, after a time; empty if never again. */
  public static Optional<Instant> nextChange(Instant now, Instant notBefore, Instant notAfter) {
    return Stream.of(late(notBefore, notAfter), ending(notBefore, notAfter), notAfter)
        .filter(boundary -> boundary.isAfter(now))
        .min(Instant::compareTo);
  }

  private static Instant late(Instant notBefore, Instant notAfter) {
    return notAfter.minus(Duration.between(notBefore, notAfter).dividedBy(4)).plus(SPIRE_LOOKS);
  }

  private static Instant ending(Instant notBefore, Instant notAfter) {
    return notAfter.minus(Duration.between(notBefore, notAfter).dividedBy(8));
  }

  /** When SPIRE should renew a certificate of this validity, give or take. */
  public static Instant renewal(Instant notBefore, Instant notAfter) {
    return notAfter.minus(Duration.between(notBefore, notAfter).dividedBy(2));
  }
}
