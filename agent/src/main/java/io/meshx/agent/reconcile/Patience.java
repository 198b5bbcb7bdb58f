// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.plan.Change;
import io.meshx.agent.plan.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Since when changes are wanted that have to be wanted for a while. */
final class Patience {
  /** Other words at the same target begin nothing anew, another patience does. */
  private record Asked(Duration patience, Instant since) {}

  private final Map<Target, Asked> asked = new HashMap<>();

  /**
   * Takes in what is wanted now.
   *
   * @param wanted all of it: what is not among it has been given up
   */
  void ask(Collection<Change> wanted, Instant now) {
    Set<Target> patient = new HashSet<>();
    for (Change change : wanted) {
      if (!change.patience().isZero()) {
        patient.add(change.target());
        Asked before = asked.get(change.target());
        if (before == null || !before.patience.equals(change.patience())) {
          asked.put(change.target(), new Asked(change.patience(), now));
        }
      }
    }
    asked.keySet().retainAll(patient);
  }

  /** When a change may be made; not after now if it may be at once. */
  Instant until(Change change) {
    Asked since = asked.get(change.target());
    return change.patience().isZero() || since == null
        ? Instant.MIN
        : since.since.plus(since.patience);
  }
}
