// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.math.BigInteger;

/**
 * A network in CIDR notation.
 *
 * @param address the network's address; every bit behind the prefix is zero
 * @param prefix length in bits, 0 to 32 or 128
 */
public record Cidr(IpAddress address, int prefix) implements Comparable<Cidr> {
  /**
   * Checks the prefix and that no host bit is set.
   *
   * @throws IllegalArgumentException if it is not a network
   */
  public Cidr {
    int bits = address.family().bits();
    if (prefix < 0 || prefix > bits) {
      throw new IllegalArgumentException(
          "prefix '" + prefix + "' of '" + address + "' is out of range; allowed: 0 to " + bits);
    }
    if (!masked(address, prefix).equals(value(address))) {
      throw new IllegalArgumentException(
          "'"
              + address
              + "/"
              + prefix
              + "' has bits set behind its prefix; give the network address");
    }
  }

  /**
   * Reads {@code ADDRESS/PREFIX}.
   *
   * @throws IllegalArgumentException if the text is not a network in that form
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    try {
      if (slash > 0) {
        return new Cidr(
            IpAddress.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(refusal(text), e);
    }
    throw new IllegalArgumentException(refusal(text));
  }

  private static String refusal(String text) {
    return "'" + text + "' is no network; allowed: ADDRESS/PREFIX, such as 10.244.0.0/16";
  }

  /** Whether the address lies in this network; an address of the other family never does. */
  public boolean contains(IpAddress candidate) {
    return candidate.family() == address.family()
        && masked(candidate, prefix).equals(value(address));
  }

  /** The family of this network. */
  public IpFamily family() {
    return address.family();
  }

  private static BigInteger value(IpAddress address) {
    return new BigInteger(1, address.inet().getAddress());
  }

  private static BigInteger masked(IpAddress address, int prefix) {
    int rest = address.family().bits() - prefix;
    return value(address).shiftRight(rest).shiftLeft(rest);
  }

  @Override
  public int compareTo(Cidr other) {
    int byAddress = address.compareTo(other.address);
    return byAddress != 0 ? byAddress : Integer.compare(prefix, other.prefix);
  }

  @Override
  public String toString() {
    return address + "/" + prefix;
  }
}
