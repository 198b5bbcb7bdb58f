// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import java.util.Optional;
import java.util.SortedMap;
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

  static Rollout of(Desired desired, SortedMap<UnitName, UnitState> units, HostState observed) {
    TreeSet<WorkloadName> stale = new TreeSet<>();
    Optional<WorkloadName> busy = Optional.empty();
    for (var entry : desired.workloads().entrySet()) {
      WorkloadName name = entry.getKey();
      UnitSpec proxy = entry.getValue().proxy();
      UnitState state = units.get(proxy.name());
      boolean current =
          state != null
              && state.fingerprint().filter(is -> is.config().equals(proxy.config())).isPresent();
      boolean ready = ready(name, observed);
      boolean runs = process(entry.getValue(), units);
      if (ready && state != null && !current) {
        stale.add(name);
      } else if (runs && !ready) {
        busy = busy.or(() -> Optional.of(name));
      }
    }
    return new Rollout(stale, busy);
  }

  /** Whether what the proxy serves runs, so that its proxy has been ready before. */
  private static boolean process(Desired.WorkloadPart part, SortedMap<UnitName, UnitState> units) {
    return switch (part.process()) {
      case Desired.WorkloadProcess.Ours ours -> units.containsKey(ours.unit().name());
      case Desired.WorkloadProcess.Foreign _ -> units.containsKey(part.proxy().name());
    };
  }

  private static boolean ready(WorkloadName name, HostState observed) {
    return observed.proxies()
            instanceof
            Look.Saw<SortedMap<WorkloadName, ProxyHealth>>(
                SortedMap<WorkloadName, ProxyHealth> proxies)
        && proxies.get(name) instanceof ProxyHealth.Ready;
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
