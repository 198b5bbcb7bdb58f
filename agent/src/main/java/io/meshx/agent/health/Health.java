// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import io.meshx.agent.model.WorkloadName;
import java.util.List;
import java.util.SortedMap;

/** The probes of this host's workloads. */
public interface Health extends AutoCloseable {
  /** Says which workloads run and how they are probed; the same again changes nothing. */
  void follow(SortedMap<WorkloadName, Watched> workloads);

  /** What the probes of each say now, in their order; tries nothing. */
  SortedMap<WorkloadName, List<ProbeState>> observe();

  /** Has something run when {@link #observe} says something else; from any thread. */
  void onChange(Runnable lookAgain);

  @Override
  void close();
}
