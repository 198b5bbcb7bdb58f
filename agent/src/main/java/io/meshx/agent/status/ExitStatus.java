// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.status;

/**
 * The exit statuses of the meshx command.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/sysexits.h.3head.html">sysexits.h(3head)</a>
 */
public enum ExitStatus {
  /** All is as asked; for status and plan: everything is joined. */
  OK(0),
  /** It was tried and failed; the message says what came back. */
  FAILED(1),
  /** The command line is wrong. */
  USAGE(2),
  /** The agent does not run. */
  NOT_RUNNING(3),
  /** The agent runs, and something is not joined yet or not any more. */
  NOT_READY(4),
  /** Not allowed for this user. */
  NO_PERMISSION(77),
  /** The configuration is wrong; nothing on the host was touched. */
  CONFIG(78);

  private final int code;

  ExitStatus(int code) {
    this.code = code;
  }

  /** The number, 0 to 255. */
  public int code() {
    return code;
  }
}
