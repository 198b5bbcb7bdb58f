// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.plan.Change;
import java.time.Duration;
import java.time.Instant;

/** How applying a change ended. */
public sealed interface Outcome {
  /** What was to be changed. */
  Change change();

  /** When it ended. */
  Instant at();

  /** How long it took. */
  Duration took();

  /** The host accepted it; the next observation says what came of it. */
  record Done(Change change, Instant at, Duration took) implements Outcome {}

  /**
   * The host refused it.
   *
   * @param why what was tried, on what, and what came back
   */
  record Failed(Change change, Instant at, Duration took, String why) implements Outcome {}
}
