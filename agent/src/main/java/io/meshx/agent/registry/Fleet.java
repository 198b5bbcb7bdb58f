// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The hosts that tell a cluster of workloads, as their leases show them. */
public interface Fleet extends AutoCloseable {
  /** What is known now; asks nobody. */
  FleetView observe();

  /** Has something run when {@link #observe} may say something else; from any thread. */
  void onChange(Runnable lookAgain);

  /**
   * Asks for the lease of a host anew.
   *
   * @return empty if there is none
   * @throws HostException if the cluster refuses it or does not answer
   */
  Optional<Lease> ask(WorkloadName host) throws HostException;

  /**
   * Takes the lease of whoever acts for all, or renews it.
   *
   * @param before that lease as it was seen last; somebody else's stays if it has changed since
   * @param who takes it
   * @param lasts how long it holds
   * @return whether it was had
   * @throws HostException if the cluster refuses it or does not answer
   */
  boolean lead(Optional<Lease> before, String who, Duration lasts) throws HostException;

  /**
   * Gives that lease back.
   *
   * @param before it as it was seen last
   * @throws HostException if the cluster refuses it or does not answer
   */
  void resign(Lease before) throws HostException;

  /**
   * Says of all workloads of a host that are ready that they are not, and gives its lease back for
   * it; its agent takes it again if the host lives.
   *
   * @param lease it as it was seen last; it stays if it has changed since
   * @return the workloads of which it was said now
   * @throws HostException if the cluster refuses it or does not answer
   */
  List<ResourceName> abandon(WorkloadName host, Lease lease, Readiness says) throws HostException;

  @Override
  void close();
}
