// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.delivery;

import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import java.util.SortedMap;

/** The files with SVIDs on this host. They are gone after a reboot. */
public interface Deliveries {
  /**
   * What lies ready and is complete.
   *
   * @throws HostException if that cannot be found out
   */
  SortedMap<WorkloadName, Delivered> observe() throws HostException;

  /**
   * Puts an SVID in the place of the one before, all its files at once. Those from before stay
   * readable for who has them open, until the next one comes.
   *
   * @param beforeStart kept as {@link Delivered#beforeStart}
   * @throws HostException if they cannot be written, or something that is not ours is in their
   *     place
   */
  void deliver(Delivery delivery, SvidMaterial svid, TrustBundle bundle, boolean beforeStart)
      throws HostException;

  /**
   * Takes all of a workload's files away; no harm if there are none.
   *
   * @throws HostException if something stays
   */
  void remove(WorkloadName workload) throws HostException;
}
