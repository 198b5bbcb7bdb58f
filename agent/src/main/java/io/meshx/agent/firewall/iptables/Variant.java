// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import io.meshx.agent.model.IpFamily;

/** Which of the installed iptables tools are used. */
public enum Variant {
  /** Those that the host has chosen, such as by Debian's alternatives. */
  HOST(""),
  /** Those that speak nf_tables. */
  NFT("-nft"),
  /** Those that speak the older kernel interface. */
  LEGACY("-legacy");

  private final String suffix;

  Variant(String suffix) {
    this.suffix = suffix;
  }

  /** The program that prints a table, such as {@code ip6tables-nft-save}. */
  String save(IpFamily family) {
    return base(family) + "-save";
  }

  /** The program that changes a table in one step, such as {@code iptables-restore}. */
  String restore(IpFamily family) {
    return base(family) + "-restore";
  }

  private String base(IpFamily family) {
    return switch (family) {
          case V4 -> "iptables";
          case V6 -> "ip6tables";
        }
        + suffix;
  }
}
