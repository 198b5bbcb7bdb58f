// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

/**
 * What one source of observations says.
 *
 * @param <T> what it observes
 */
public sealed interface Look<T> {
  /** The source has not reported yet, so nothing may be concluded or deleted. */
  record NotYet<T>() implements Look<T> {}

  /**
   * The source could not look.
   *
   * @param why the adapter's words
   */
  record Failed<T>(String why) implements Look<T> {}

  /**
   * What is there.
   *
   * @param value the observation
   */
  record Saw<T>(T value) implements Look<T> {}
}
