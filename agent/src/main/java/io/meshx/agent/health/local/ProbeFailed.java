// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health.local;

/** A try failed; the message says how, for people. */
final class ProbeFailed extends Exception {
  private static final long serialVersionUID = 1L;

  ProbeFailed(String how) {
    super(how);
  }

  ProbeFailed(Throwable cause) {
    super(
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage(), cause);
  }

  String how() {
    return String.valueOf(getMessage());
  }
}
