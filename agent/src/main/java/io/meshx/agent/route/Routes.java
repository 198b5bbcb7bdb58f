// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route;

import io.meshx.agent.model.HostException;

/** The host's routing table, as far as it is ours to change. */
public interface Routes extends AutoCloseable {
  /**
   * The routes through a next hop, of both families.
   *
   * @throws HostException if the table cannot be read
   */
  RouteTable observe() throws HostException;

  /**
   * Adds a route of ours.
   *
   * @throws HostException if the kernel refuses it, such as for an unreachable next hop
   */
  void add(Route route) throws HostException;

  /**
   * Removes a route of ours; one that is gone is no error.
   *
   * @throws HostException if the kernel refuses
   */
  void remove(Route route) throws HostException;

  /** Has something run when the table may have changed; on any thread. */
  void onChange(Runnable lookAgain);

  /** Tells nobody any more. */
  @Override
  void close();
}
