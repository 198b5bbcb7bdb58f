// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.UnitState;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Makes plans. Pure: the same desired and observed states always give the same plan, in the same
 * order.
 *
 * <p>To join: routes and DNS, the SPIRE agent, the agent's own SVID, then for each workload the
 * proxy's SVID, the proxy, its true readiness, the redirect, the proof of the redirect, the
 * workload. To leave: the reverse.
 */
public final class Planner {
  private Planner() {}

  /**
   * The difference between what is desired and what was observed.
   *
   * @param desired what is wanted
   * @param observed what was seen last
   */
  public static Plan plan(Desired desired, HostState observed) {
    return switch (observed.units()) {
      case Look.Saw<SortedMap<UnitName, UnitState>>(SortedMap<UnitName, UnitState> units) ->
          plan(desired, observed, units);
      case Look.NotYet<SortedMap<UnitName, UnitState>> _ -> blind("a first look at units");
      case Look.Failed<SortedMap<UnitName, UnitState>>(String why) ->
          blind("a look at units: " + why);
    };
  }

  private static Plan plan(
      Desired desired, HostState observed, SortedMap<UnitName, UnitState> units) {
    UnitGoal unitGoal =
        new UnitGoal(
            units,
            observed.lastWords()
                    instanceof
                    Look.Saw<SortedMap<UnitName, String>>(SortedMap<UnitName, String> words)
                ? words
                : new TreeMap<>());
    SortedSet<WorkloadName> leaving = leaving(desired, observed, units);
    Draft draft = new Draft();
    RedirectGoal redirect = RedirectGoal.of(desired, observed, unitGoal, leaving);
    Rollout rollout = Rollout.of(desired, observed, unitGoal);
    HostSteps hostSteps = new HostSteps(draft, observed, unitGoal);
    Optional<HostSteps.Ready> ready =
        desired.host().map(part -> hostSteps.join(part, desired.filters(), redirect));
    desired.host().ifPresent(part -> hostSteps.inlets(part, desired.inboundPorts()));
    desired
        .workloads()
        .forEach((name, part) ->
            ready.ifPresent(host ->
                new WorkloadSteps(draft, observed, unitGoal, rollout, name)
                    .join(part, host, redirect, desired.cluster())));
    new LeaveSteps(draft, observed, unitGoal).leave(desired, leaving, redirect);
    return draft.plan();
  }

  /**
   * What takes all workloads out of a cluster, as far as it can be done now.
   *
   * @param view what is known of them; nothing is left to do when it has none enlisted
   */
  public static List<Change> farewell(Desired.ClusterPart cluster, RegistryView view) {
    return RegistrySteps.farewell(cluster, view);
  }

  private static Plan blind(String missing) {
    Draft draft = new Draft();
    draft.step(Step.HOST, "observe", new Step.Progress.Waiting(missing));
    return draft.plan();
  }

  /** Workloads that have something on the host and are not desired. */
  private static SortedSet<WorkloadName> leaving(
      Desired desired, HostState observed, SortedMap<UnitName, UnitState> units) {
    TreeSet<WorkloadName> leaving = new TreeSet<>();
    for (UnitName unit : units.keySet()) {
      OurUnits.owner(unit).ifPresent(leaving::add);
    }
    leaving.addAll(new ForeignGoal(observed).owners());
    if (observed.rules() instanceof Look.Saw<HostRules>(HostRules tables)) {
      leaving.addAll(tables.captured());
    }
    leaving.removeAll(desired.workloads().keySet());
    return leaving;
  }
}
