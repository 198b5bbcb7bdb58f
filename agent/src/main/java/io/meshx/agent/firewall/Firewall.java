// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.HostException;

/** The host's packet filter, as far as chains of ours are concerned. */
public interface Firewall {
  /**
   * What is ours in each family's nat table.
   *
   * @throws HostException if a table cannot be read
   */
  NatTables observe() throws HostException;

  /**
   * Makes what is ours equal to the given tables: one atomic restore for each family that differs.
   * Nothing of anybody else is touched. Empty tables take our chains away.
   *
   * @throws HostException if a restore fails; that family is then as it was
   */
  void apply(NatTables tables) throws HostException;
}
