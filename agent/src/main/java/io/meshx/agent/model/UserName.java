// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.regex.Pattern;

/**
 * The name of a Unix user or group, as systemd takes it.
 *
 * @param text the name; never a number
 */
public record UserName(String text) implements Comparable<UserName> {
  private static final Pattern PATTERN = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_-]{0,30}");

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if the text has another form; the message says what is allowed
   */
  public UserName {
    Patterns.require(
        PATTERN,
        text,
        "user name",
        "a letter or underscore, then at most 30 letters, digits, dashes and underscores (systemd, USER_NAMES)");
  }

  @Override
  public int compareTo(UserName other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
