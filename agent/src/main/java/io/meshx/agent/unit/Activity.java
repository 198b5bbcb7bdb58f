// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

/**
 * What a unit is doing, in the terms of systemd's ActiveState and SubState.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/org.freedesktop.systemd1.html">
 *     org.freedesktop.systemd1(5)</a>
 */
public sealed interface Activity {
  /** A start job is under way. */
  record Starting() implements Activity {}

  /**
   * The main process runs.
   *
   * @param mainPid its process ID, above 0
   * @param invocation the unit's invocation ID, 32 hexadecimal digits
   */
  record Running(int mainPid, String invocation) implements Activity {}

  /**
   * A oneshot unit ended well and stays loaded.
   *
   * @param status its exit status: 0, or another that its spec takes for good
   */
  record Exited(int status) implements Activity {}

  /** A stop job is under way. */
  record Stopping() implements Activity {}

  /**
   * systemd waits to start it again after it ended.
   *
   * @param restarts how often that has happened, from 0
   * @param result systemd's Result, such as {@code exit-code}
   * @param status exit status or signal number of the last main process
   */
  record Restarting(int restarts, String result, int status) implements Activity {}

  /**
   * It ended badly and keeps its name until it is forgotten.
   *
   * @param result systemd's Result, such as {@code exit-code}
   * @param status exit status or signal number of the last main process
   */
  record Failed(String result, int status) implements Activity {}

  /** Loaded and not active, on its way to be unloaded. */
  record Inactive() implements Activity {}
}
