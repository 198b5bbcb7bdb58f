// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet;

import io.meshx.agent.model.HostException;

/** The host's firewall and our openings in it. */
public interface Inlets extends Guards {
  /**
   * Makes an opening until the firewall is loaded again; one that is there is no error.
   *
   * @throws HostException if the firewall refuses it
   */
  void open(Opening opening) throws HostException;

  /**
   * Takes an opening away; one that is gone is no error.
   *
   * @throws HostException if the firewall refuses it
   */
  void close(Opening opening) throws HostException;

  /**
   * Has somebody told when the firewall was loaded again, started or stopped.
   *
   * @param lookAgain called on any thread; must not block
   */
  void onChange(Runnable lookAgain);
}
