// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.HostException;

/**
 * One backend, as far as rules of ours are concerned.
 *
 * @param <T> its tables as values
 */
public interface Rules<T> {
  /**
   * What is ours there.
   *
   * @throws HostException if it cannot be read
   */
  T observe() throws HostException;

  /**
   * Makes what is ours equal to the given tables, as atomically as the backend can: nftables all at
   * once, iptables each family. Nothing of anybody else is touched.
   *
   * @throws HostException if it is refused; what was refused is as it was before
   */
  void apply(T tables) throws HostException;
}
