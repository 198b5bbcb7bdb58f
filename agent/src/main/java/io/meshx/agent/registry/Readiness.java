// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import java.util.regex.Pattern;

/**
 * Whether peers may choose a workload: the condition Ready of its resource.
 *
 * @param ready whether they may
 * @param reason one word for programs
 * @param message what is missing, for people; at most 1024 characters
 */
public record Readiness(boolean ready, String reason, String message) {
  /** As the resource definition asks for it. */
  private static final Pattern REASON = Pattern.compile("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?");

  private static final int LONGEST = 1024;

  /**
   * Checks the reason, and shortens a message that is longer.
   *
   * @throws IllegalArgumentException if the reason is no such word
   */
  public Readiness {
    if (!REASON.matcher(reason).matches()) {
      throw new IllegalArgumentException("'" + reason + "' is no word; allowed: " + REASON);
    }
    message = message.length() <= LONGEST ? message : message.substring(0, LONGEST - 1) + "…";
  }

  /** The reason for what a step is called, such as {@code ProxySvid} for "proxy SVID". */
  public static String reason(String step) {
    StringBuilder reason = new StringBuilder();
    for (String word : step.split("[^A-Za-z0-9]+", -1)) {
      if (!word.isEmpty()) {
        reason.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
      }
    }
    return reason.toString();
  }

  @Override
  public String toString() {
    return (ready ? "ready" : "not ready") + ": " + message;
  }
}
