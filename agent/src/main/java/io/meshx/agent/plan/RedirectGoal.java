// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.firewall.Capture;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.firewall.NatTables;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.unit.OurUnits;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How far the nat tables are from what they should be. All workloads share the tables, so there is
 * one change for all of them: a workload is redirected from the moment its proxy is ready, stays so
 * when the proxy fails, and until its own unit is gone.
 *
 * @param progress how far the tables are
 * @param captured workloads whose redirect is in
 */
record RedirectGoal(Progress progress, SortedSet<WorkloadName> captured) {

  static RedirectGoal of(
      Desired desired, HostState observed, UnitGoal units, SortedSet<WorkloadName> leaving) {
    return switch (observed.rules()) {
      case Look.NotYet<NatTables> _ ->
          new RedirectGoal(new Progress.Waiting("a first look at the nat tables"), new TreeSet<>());
      case Look.Failed<NatTables>(String why) ->
          new RedirectGoal(
              new Progress.Waiting("a look at the nat tables: " + why), new TreeSet<>());
      case Look.Saw<NatTables>(NatTables tables) -> of(desired, observed, units, leaving, tables);
    };
  }

  private static RedirectGoal of(
      Desired desired,
      HostState observed,
      UnitGoal units,
      SortedSet<WorkloadName> leaving,
      NatTables tables) {
    SortedSet<WorkloadName> captured = tables.captured();
    TreeMap<WorkloadName, Capture> captures = new TreeMap<>();
    desired
        .workloads()
        .forEach((name, part) -> {
          if (captured.contains(name) || ready(observed, name)) {
            part.capture().ifPresent(capture -> captures.put(name, capture));
          }
        });
    TreeSet<WorkloadName> kept = new TreeSet<>(leaving);
    kept.removeIf(name -> !units.loaded(OurUnits.workload(name)));
    kept.retainAll(captured);
    if (desired.host().isEmpty() && !kept.isEmpty()) {
      return new RedirectGoal(new Progress.Held(kept.first() + ": stop workload"), captured);
    }
    if (!(observed.facts() instanceof Look.Saw<HostFacts>(HostFacts facts))) {
      return new RedirectGoal(new Progress.Waiting("a first look at the host"), captured);
    }
    NatTables wanted =
        new Interception(
                desired.host().map(Desired.HostPart::exempt).orElseGet(TreeSet::new), captures)
            .tables(facts.families())
            .keeping(tables, kept);
    if (wanted.equals(tables)) {
      return new RedirectGoal(
          new Progress.Done(
              captured.isEmpty() ? "nothing is redirected" : "redirects " + names(captured)),
          captured);
    }
    TreeSet<WorkloadName> all = new TreeSet<>(captures.keySet());
    all.addAll(kept);
    String summary = all.isEmpty() ? "none" : names(all);
    return new RedirectGoal(
        new Progress.Changing(List.of(new Change.ApplyRules(wanted, summary))), captured);
  }

  private static boolean ready(HostState observed, WorkloadName name) {
    return observed.proxies() instanceof Look.Saw<SortedMap<WorkloadName, ProxyHealth>>(var proxies)
        && proxies.get(name) instanceof ProxyHealth.Ready;
  }

  private static String names(SortedSet<WorkloadName> names) {
    return names.stream().map(WorkloadName::text).collect(Collectors.joining(", "));
  }
}
