// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.net;

import java.util.List;

/**
 * The place of something on the wire of a lab.
 *
 * @param number 1 to 254, the last part of its addresses
 */
public record Station(int number) {
  /** Length of the network part of the wire's IPv4 addresses. */
  public static final int IPV4_BITS = 24;

  /** Length of the network part of the wire's IPv6 addresses. */
  public static final int IPV6_BITS = 64;

  public Station {
    if (number < 1 || number > 254) {
      throw new IllegalArgumentException("no such place on the wire: " + number + "; 1 to 254");
    }
  }

  /** Its address in 10.77.0.0/24. */
  public String ipv4() {
    return "10.77.0." + number;
  }

  /** Its address in fd77::/64. */
  public String ipv6() {
    return "fd77::" + Integer.toHexString(number);
  }

  /** The commands for {@code ip} that give an interface its addresses. */
  public List<String> addresses(String interfaceName) {
    return List.of(
        "addr add %s/%d dev %s".formatted(ipv4(), IPV4_BITS, interfaceName),
        "addr add %s/%d dev %s nodad".formatted(ipv6(), IPV6_BITS, interfaceName));
  }

  /** Its hardware address, so that the link-local one is the same after a reboot. */
  public String mac() {
    return "52:54:00:77:00:%02x".formatted(number);
  }
}
