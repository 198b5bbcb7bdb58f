// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedSet;

/** The cluster's knowledge of workloads outside it. */
public interface Registry extends AutoCloseable {
  /**
   * Says what is to be followed; the same again changes nothing.
   *
   * @param access how the cluster is reached; empty if none is to be asked
   * @param resources what to follow, besides those that this host has enlisted
   */
  void follow(Optional<ClusterAccess> access, SortedSet<ResourceName> resources);

  /**
   * Has the nodes of the cluster followed too; the same again changes nothing. Those that were
   * known are forgotten when they are followed no more.
   */
  void followNodes(boolean whether);

  /**
   * Has the cluster that is followed know again and again that this host lives; the same again
   * changes nothing.
   *
   * @param lasts how long that holds each time; empty to say nothing of it any more, after having
   *     said so
   */
  void vouch(Optional<Duration> lasts);

  /**
   * Says nothing of this host being alive any more, after having said so: an agent that is stopped
   * is no host that died. Waits until that was said, for two seconds at most.
   */
  void fallSilent();

  /** What is known now; asks nobody. */
  RegistryView observe();

  /** Has something run when {@link #observe} may say something else; from any thread. */
  void onChange(Runnable lookAgain);

  /**
   * Makes a resource, or has it say this again.
   *
   * @param workload whose it is; remembered until {@link #withdraw}
   * @throws HostException if the cluster refuses it or does not answer, or if another resource has
   *     one of its addresses with one of its ports
   */
  void enlist(ResourceName resource, WorkloadName workload, ExternalWorkload says)
      throws HostException;

  /**
   * Says whether peers may choose a workload; nothing else of its resource changes.
   *
   * @param workload whose it is; remembered until {@link #withdraw}
   * @throws HostException if the cluster refuses it or does not answer
   */
  void setReady(ResourceName resource, WorkloadName workload, Readiness readiness)
      throws HostException;

  /**
   * Forgets a resource, once it says that it is not ready.
   *
   * @param how what becomes of it; one that is gone is no error
   * @throws HostException if the cluster refuses it or does not answer
   */
  void withdraw(ResourceName resource, Parting how) throws HostException;

  @Override
  void close();
}
