// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.regex.Pattern;

/**
 * A SPIFFE trust domain.
 *
 * @param text the name without a scheme
 */
public record TrustDomain(String text) implements Comparable<TrustDomain> {
  private static final Pattern PATTERN = Pattern.compile("[a-z0-9._-]{1,255}");

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if the text has another form; the message says what is allowed
   */
  public TrustDomain {
    Patterns.require(
        PATTERN,
        text,
        "trust domain",
        "1 to 255 lower-case letters, digits, dots, dashes and underscores (SPIFFE ID, section 2.1)");
  }

  @Override
  public int compareTo(TrustDomain other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
