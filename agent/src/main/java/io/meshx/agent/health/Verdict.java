// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

/** What a probe says by now. */
public sealed interface Verdict {
  /**
   * Nothing yet.
   *
   * @param last why the last try failed, or ""
   */
  record Pending(String last) implements Verdict {}

  /** It serves. */
  record Passing() implements Verdict {}

  /**
   * It does not.
   *
   * @param why how the last try failed
   */
  record Failing(String why) implements Verdict {}
}
