// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * An address in each family that nobody has, and a port on it. A connection to it is made only if
 * something redirects it, so that is how redirects are tried out.
 */
public final class Nobody {
  /** Addresses for documentation (RFC 5737, RFC 3849). */
  private static final Map<IpFamily, IpAddress> ADDRESSES =
      new EnumMap<>(
          Map.of(
              IpFamily.V4, IpAddress.parse("192.0.2.2"),
              IpFamily.V6, IpAddress.parse("2001:db8::2")));

  /** The port. */
  public static final Port PORT = new Port(1404);

  private Nobody() {}

  /** The address of a family. */
  public static IpAddress in(IpFamily family) {
    return Objects.requireNonNull(ADDRESSES.get(family), "each family has one");
  }
}
