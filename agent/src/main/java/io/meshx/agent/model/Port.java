// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

/**
 * A TCP port.
 *
 * @param number 1 to 65535
 */
public record Port(int number) implements Comparable<Port> {
  /**
   * Checks the range.
   *
   * @throws IllegalArgumentException if the number is not a port
   */
  public Port {
    if (number < 1 || number > 65535) {
      throw new IllegalArgumentException(
          "'" + number + "' is no port; a port is a number from 1 to 65535");
    }
  }

  @Override
  public int compareTo(Port other) {
    return Integer.compare(number, other.number);
  }

  @Override
  public String toString() {
    return Integer.toString(number);
  }
}
