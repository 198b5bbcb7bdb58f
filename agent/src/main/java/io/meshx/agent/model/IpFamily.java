// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

/** The two families of IP addresses. */
public enum IpFamily {
  /** IPv4, 32 bits. */
  V4(32),
  /** IPv6, 128 bits. */
  V6(128);

  private final int bits;

  IpFamily(int bits) {
    this.bits = bits;
  }

  /** How many bits an address has. */
  public int bits() {
    return bits;
  }
}
