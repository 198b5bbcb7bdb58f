// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Proxies that are ready and have to be restarted, such as with other trust anchors, are restarted
 * one after the other, each when the one before is ready again. What makes one fail stops at that
 * one.
 *
 * @param stale the workloads whose proxies are ready and have to be restarted
 * @param busy the workload whose proxy is on its way back, if there is one
 */
record Rollout(SortedSet<WorkloadName> stale, Optional<WorkloadName> busy) {

  static Rollout of(Desired desired, HostState observed, UnitGoal units) {
    TreeSet<WorkloadName> stale = new TreeSet<>();
    Optional<WorkloadName> busy = Optional.empty();
    for (Map.Entry<WorkloadName, Desired.WorkloadPart> entry : desired.workloads().entrySet()) {
      WorkloadName name = entry.getKey();
      if (!RedirectGoal.ready(observed, name)) {
        if (busy.isEmpty() && RedirectGoal.runs(entry.getValue(), observed, units)) {
          busy = Optional.of(name);
        }
      } else if (!units.startedWith(entry.getValue().proxy())) {
        stale.add(name);
      }
    }
    return new Rollout(stale, busy);
  }

  /** How a proxy goes on that is as far as this; one that is to be stopped may have to wait. */
  Progress proxy(WorkloadName name, Progress progress) {
    boolean stops =
        progress instanceof Progress.Changing changing
            && changing.changes().stream().anyMatch(Change.StopUnit.class::isInstance);
    if (!stops || !stale.contains(name)) {
      return progress;
    }
    if (busy.isPresent()) {
      return new Progress.Waiting(
          "the proxy of "
              + busy.get()
              + " to be ready: proxies are restarted one after the other, and this one has to be");
    }
    return stale.first().equals(name)
        ? progress
        : new Progress.Waiting(
            "the proxy of "
                + stale.first()
                + ", which is restarted first: proxies are restarted one after the other");
  }
}
