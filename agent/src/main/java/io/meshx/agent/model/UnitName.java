// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.regex.Pattern;

/**
 * The full name of a systemd unit.
 *
 * @param text the name with its type suffix
 */
public record UnitName(String text) implements Comparable<UnitName> {
  private static final Pattern PATTERN =
      Pattern.compile("(?=.{1,255}\\z)[a-zA-Z0-9:_.\\\\@-]+[.](service|slice|socket|target|scope)");

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if the text has another form; the message says what is allowed
   */
  public UnitName {
    Patterns.require(
        PATTERN,
        text,
        "unit name",
        "letters, digits and :-_.\\@, then .service, .slice, .socket, .target or .scope (systemd.unit(5))");
  }

  @Override
  public int compareTo(UnitName other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
