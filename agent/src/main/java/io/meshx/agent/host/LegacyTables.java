// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host;

/**
 * What there is on a host of the kernel's older interface for iptables, which stands beside
 * nf_tables and reports no changes.
 *
 * @param chosen whether it is what the host's {@code iptables} uses
 * @param nat whether it has a nat table, which is asked about each connection too
 */
public record LegacyTables(boolean chosen, boolean nat) {
  /** Nothing. */
  public static final LegacyTables NONE = new LegacyTables(false, false);
}
