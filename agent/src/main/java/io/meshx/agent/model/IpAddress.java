// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;

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

  /**
   * As people and the tools of Linux write it.
   *
   * @see <a href="https://www.rfc-editor.org/rfc/rfc5952">RFC 5952</a>
   */
  @Override
  public String toString() {
    if (family() == IpFamily.V4) {
      return inet.getHostAddress();
    }
    String[] groups = inet.getHostAddress().split(":", -1);
    int from = 0;
    int length = 0;
    for (int start = 0; start < groups.length; start++) {
      int end = start;
      while (end < groups.length && groups[end].equals("0")) {
        end++;
      }
      if (end - start > length) {
        from = start;
        length = end - start;
      }
    }
    return length < 2
        ? String.join(":", groups)
        : String.join(":", List.of(groups).subList(0, from))
            + "::"
            + String.join(":", List.of(groups).subList(from + length, groups.length));
  }
}
