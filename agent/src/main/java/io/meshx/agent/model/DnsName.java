// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.regex.Pattern;

/**
 * A DNS name in lower case without a trailing dot.
 *
 * @param text the name, 1 to 253 characters
 */
public record DnsName(String text) implements Comparable<DnsName> {
  private static final Pattern PATTERN =
      Pattern.compile(
          "(?=.{1,253}\\z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)([.][a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*");

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if the text has another form; the message says what is allowed
   */
  public DnsName {
    Patterns.require(
        PATTERN,
        text,
        "DNS name",
        "dot-separated labels of lower-case letters, digits and inner dashes");
  }

  @Override
  public int compareTo(DnsName other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
