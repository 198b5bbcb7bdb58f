// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.Comparator;

/**
 * Consecutive ports.
 *
 * @param first the lowest
 * @param last the highest; the same as the first for a single port
 */
public record PortRange(Port first, Port last) implements Comparable<PortRange> {
  private static final Comparator<PortRange> ORDER =
      Comparator.comparing(PortRange::first).thenComparing(PortRange::last);

  /**
   * Checks the order.
   *
   * @throws IllegalArgumentException if the first is above the last
   */
  public PortRange {
    if (first.compareTo(last) > 0) {
      throw new IllegalArgumentException(
          "'" + first + "-" + last + "' begins above its end; give the lower port first");
    }
  }

  /** A single port. */
  public static PortRange of(Port port) {
    return new PortRange(port, port);
  }

  /**
   * Reads {@code FIRST-LAST}.
   *
   * @throws IllegalArgumentException if the text is no range in that form
   */
  public static PortRange parse(String text) {
    int dash = text.indexOf('-');
    try {
      return new PortRange(
          new Port(Integer.parseInt(text.substring(0, Math.max(dash, 0)))),
          new Port(Integer.parseInt(text.substring(dash + 1))));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is no range of ports; allowed: FIRST-LAST, such as \"8000-8010\"; a single port"
              + " is a number without quotes",
          e);
    }
  }

  /** Whether a port is one of these. */
  public boolean contains(Port port) {
    return first.compareTo(port) <= 0 && port.compareTo(last) <= 0;
  }

  /** Whether this and another have a port in common, or one begins where the other ends. */
  boolean touches(PortRange other) {
    return first.number() <= other.last.number() + 1 && other.first.number() <= last.number() + 1;
  }

  /** From the lowest of both to the highest. */
  PortRange with(PortRange other) {
    return new PortRange(
        first.compareTo(other.first) <= 0 ? first : other.first,
        last.compareTo(other.last) >= 0 ? last : other.last);
  }

  /** As people and nft write it, with {@code -}; as iptables does, with {@code :}. */
  public String text(char separator) {
    return first.equals(last) ? first.toString() : first.toString() + separator + last;
  }

  @Override
  public int compareTo(PortRange other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return text('-');
  }
}
