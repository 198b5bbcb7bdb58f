// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import java.time.Duration;
import java.time.Instant;

/**
 * Counts the tries of one probe. Until it says something for the first time tries may be made more
 * often than each period: those that fail meanwhile do not count, so that a slow start has its
 * time, and the first that passes is not waited for.
 */
public final class Tally {
  private static final Duration SOON = Duration.ofMillis(500);

  private final Probe probe;
  private Verdict verdict = new Verdict.Pending("");
  private Instant counted = Instant.MIN;
  private int failures;
  private int successes;
  private int falls;

  /** Has counted nothing yet. */
  public Tally(Probe probe) {
    this.probe = probe;
  }

  /** A try has passed. */
  public void passed() {
    failures = 0;
    successes++;
    if (successes >= probe.successes()) {
      verdict = new Verdict.Passing();
    }
  }

  /** A try that began then has failed. */
  public void failed(String why, Instant at) {
    successes = 0;
    if (at.isBefore(counted.plus(probe.period()))) {
      verdict = verdict instanceof Verdict.Pending ? new Verdict.Pending(why) : verdict;
      return;
    }
    counted = at;
    failures++;
    switch (verdict) {
      case Verdict.Pending _ ->
          verdict = enough() ? new Verdict.Failing(why) : new Verdict.Pending(why);
      case Verdict.Passing _ -> {
        if (enough()) {
          verdict = new Verdict.Failing(why);
          falls++;
        }
      }
      case Verdict.Failing _ -> verdict = new Verdict.Failing(why);
    }
  }

  private boolean enough() {
    return failures >= probe.failures();
  }

  /** How long after the beginning of one try the next one begins. */
  public Duration pause() {
    return verdict instanceof Verdict.Pending && probe.period().compareTo(SOON) > 0
        ? SOON
        : probe.period();
  }

  /** What the tries say by now. */
  public ProbeState state() {
    return new ProbeState(probe.target(), verdict, falls);
  }
}
