// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * A literal IP address; never a name, so no look-up ever happens.
 *
 * @param inet the address, without an IPv6 scope
 */
public record IpAddress(InetAddress inet) implements Comparable<IpAddress> {
  /**
   * Reads an address literal.
   *
   * @throws IllegalArgumentException if the text is not an IPv4 or IPv6 address
   */
  public static IpAddress parse(String text) {
    try {
      if (text.indexOf('%') < 0 && text.indexOf('[') < 0) {
        return new IpAddress(InetAddress.ofLiteral(text));
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(refusal(text), e);
    }
    throw new IllegalArgumentException(refusal(text));
  }

  private static String refusal(String text) {
    return "'" + text + "' is no IP address; allowed: an IPv4 or IPv6 address without a scope";
  }

  /** The family of this address. */
  public IpFamily family() {
    return inet instanceof Inet4Address ? IpFamily.V4 : IpFamily.V6;
  }

  @Override
  public int compareTo(IpAddress other) {
    int byFamily = family().compareTo(other.family());
    return byFamily != 0
        ? byFamily
        : java.util.Arrays.compareUnsigned(inet.getAddress(), other.inet.getAddress());
  }

  @Override
  public String toString() {
    return inet.getHostAddress();
  }
}
