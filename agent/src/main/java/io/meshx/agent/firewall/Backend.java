// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

/** Where redirect rules are kept. */
public enum Backend {
  /** A table of our own, {@code inet meshx}: other tools leave it alone unless they flush all. */
  NFTABLES("nftables"),
  /** Chains of our own in the nat tables that iptables shows. */
  IPTABLES("iptables");

  private final String text;

  Backend(String text) {
    this.text = text;
  }

  /** As configuration and people name it. */
  public String text() {
    return text;
  }
}
