// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.time.Duration;

/**
 * How much longer than on an ordinary machine things may take: 1, or what the system property
 * {@code meshx.patience} says, a whole number, for emulated machines. Nothing waits longer for it
 * than it has to; only what counts as too long changes.
 */
public final class Patience {
  private static final int FACTOR = Math.max(1, Integer.getInteger("meshx.patience", 1));

  private Patience() {}

  /** What a time limit amounts to here. */
  public static Duration of(Duration limit) {
    return limit.multipliedBy(FACTOR);
  }
}
