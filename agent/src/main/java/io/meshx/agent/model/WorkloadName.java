// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.regex.Pattern;

/**
 * The name of a workload on this host: a DNS label, so that it can be part of a unit name, a SPIFFE
 * ID and a Kubernetes name alike.
 *
 * @param text a label of RFC 1123, 1 to 63 characters
 */
public record WorkloadName(String text) implements Comparable<WorkloadName> {
  private static final Pattern PATTERN = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if the text has another form; the message says what is allowed
   */
  public WorkloadName {
    Patterns.require(
        PATTERN,
        text,
        "workload name",
        "1 to 63 lower-case letters, digits and inner dashes (RFC 1123 label)");
  }

  @Override
  public int compareTo(WorkloadName other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
