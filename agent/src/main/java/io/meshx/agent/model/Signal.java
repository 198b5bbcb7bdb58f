// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

/**
 * A signal that can ask a process to end.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/signal.7.html">signal(7)</a>
 */
public enum Signal {
  /** Hang-up. */
  SIGHUP(1),
  /** Interrupt from the keyboard. */
  SIGINT(2),
  /** Quit from the keyboard. */
  SIGQUIT(3),
  /** The program's own meaning. */
  SIGUSR1(10),
  /** The program's other own meaning. */
  SIGUSR2(12),
  /** Terminate. */
  SIGTERM(15),
  /** Window resized; some servers end gracefully with it. */
  SIGWINCH(28);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /** Its number on x86 and ARM. */
  public int number() {
    return number;
  }
}
