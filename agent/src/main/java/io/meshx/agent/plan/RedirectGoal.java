// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.connection.Connection;
import io.meshx.agent.connection.PastRedirect;
import io.meshx.agent.firewall.Backend;
import io.meshx.agent.firewall.Capture;
import io.meshx.agent.firewall.HostCapture;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.unit.HostServices;
import io.meshx.agent.unit.OurUnits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How far the rules are from what they should be. All workloads share the tables, so there is one
 * change for all of them: a workload is redirected from the moment its proxy is ready, stays so,
 * unless it is to be open, when the proxy fails, and until its own unit is gone. Another backend is
 * filled before the first one is emptied. Where changes are on trial, none is made before what
 * would take it back runs, and what nobody confirms is no longer wanted.
 *
 * @param progress how far the rules are
 * @param captured workloads whose redirect is in
 * @param trial whether the rules may be changed
 */
record RedirectGoal(Progress progress, SortedSet<WorkloadName> captured, Trial trial) {

  static RedirectGoal of(
      Desired desired, HostState observed, UnitGoal units, SortedSet<WorkloadName> leaving) {
    Trial trial = Trial.of(desired, observed, units);
    return switch (observed.rules()) {
      case Look.NotYet<HostRules> _ ->
          new RedirectGoal(
              new Progress.Waiting("a first look at the rules"), new TreeSet<>(), trial);
      case Look.Failed<HostRules>(String why) ->
          new RedirectGoal(
              new Progress.Waiting("a look at the rules: " + why), new TreeSet<>(), trial);
      case Look.Saw<HostRules>(HostRules rules) ->
          new RedirectGoal(
              progress(desired, observed, units, leaving, rules, trial), rules.captured(), trial);
    };
  }

  private static Progress progress(
      Desired desired,
      HostState observed,
      UnitGoal units,
      SortedSet<WorkloadName> leaving,
      HostRules there,
      Trial trial) {
    if (!known(desired, observed)) {
      return new Progress.Waiting("a look at services of the host");
    }
    SortedSet<WorkloadName> captured = there.captured();
    TreeMap<WorkloadName, Capture> captures = new TreeMap<>();
    Optional<HostCapture> everybodyElse = Optional.empty();
    for (Map.Entry<WorkloadName, Desired.WorkloadPart> each : desired.workloads().entrySet()) {
      WorkloadName name = each.getKey();
      Desired.WorkloadPart part = each.getValue();
      boolean ready = ready(observed, name);
      // A workload that runs is redirected even if its proxy fails while its rules are gone.
      boolean stays = part.closed() && (captured.contains(name) || runs(part, observed, units));
      if ((stays || ready) && told(part, observed)) {
        part.capture()
            .ifPresent(capture ->
                captures.put(
                    name, part.opensInbound() && !ready ? capture.withoutInbound() : capture));
      }
      // The rest of the host must not hang on a proxy that does not work.
      everybodyElse = everybodyElse.or(() -> ready ? part.everybodyElse() : Optional.empty());
    }
    TreeSet<WorkloadName> kept = new TreeSet<>(leaving);
    ForeignGoal foreign = new ForeignGoal(observed);
    kept.removeIf(name -> !units.loaded(OurUnits.workload(name)) && !foreign.runsIn(name));
    kept.retainAll(captured);
    if (desired.host().isEmpty() && !kept.isEmpty()) {
      return new Progress.Held(kept.first() + ": stop workload");
    }
    if (!(observed.facts() instanceof Look.Saw<HostFacts>(HostFacts facts))) {
      return new Progress.Waiting("a first look at the host");
    }
    if (trial instanceof Trial.Over(Optional<HostRules> before, Progress unconfirmed)) {
      return before.filter(rules -> !rules.equals(there)).isPresent()
          ? new Progress.Changing(
              List.of(
                  new Change.ApplyRules(
                      before.get(), names(before.get().captured()) + ", as before the change")))
          : unconfirmed;
    }
    Optional<Desired.HostPart> host = desired.host();
    Optional<HostCapture> rest = everybodyElse;
    HostRules rules =
        host.map(part ->
                HostRules.of(
                    new Interception(part.exempt(), captures, rest),
                    part.backend(),
                    facts.families()))
            .orElseGet(() -> HostRules.none(facts.families()))
            .keeping(there, kept);
    HostRules next = host.map(part -> rules.after(there, part.backend())).orElse(rules);
    if (next.equals(there)) {
      SortedSet<Connection> late = late(observed, captures);
      return late.isEmpty()
          ? new Progress.Done(
              captured.isEmpty()
                  ? "nothing is redirected"
                  : "redirects "
                      + scoped(captured, captures)
                      + host.map(part -> by(part) + besides(part, facts)).orElse(""))
          : new Progress.Changing(List.of(new Change.ForgetConnections(late)));
    }
    if (trial instanceof Trial.NotYet(Progress first)) {
      return first;
    }
    TreeSet<WorkloadName> all = new TreeSet<>(captures.keySet());
    all.addAll(kept);
    String summary = names(all) + (next.equals(rules) ? "" : ", in both backends");
    return new Progress.Changing(
        List.of(new Change.ApplyRules(next, summary + host.map(RedirectGoal::by).orElse(""))));
  }

  /** Whether enough is known of services: rules for one are not to go because nobody has looked. */
  private static boolean known(Desired desired, HostState observed) {
    return switch (observed.foreignUnits()) {
      case Look.Saw<HostServices> _ -> true;
      case Look.NotYet<HostServices> _ -> false;
      case Look.Failed<HostServices> _ -> desired.foreignUnits().isEmpty();
    };
  }

  /** Whether what is behind a proxy runs, or is to be started again. */
  static boolean runs(Desired.WorkloadPart part, HostState observed, UnitGoal units) {
    return switch (part.process()) {
      case Desired.WorkloadProcess.Ours ours -> units.loaded(ours.unit().name());
      case Desired.WorkloadProcess.Foreign foreign -> new ForeignGoal(observed).inside(foreign);
    };
  }

  /** nft refuses a whole table that names a control group which is not there. */
  private static boolean told(Desired.WorkloadPart part, HostState observed) {
    return switch (part.process()) {
      case Desired.WorkloadProcess.Ours _ -> true;
      case Desired.WorkloadProcess.Foreign foreign -> new ForeignGoal(observed).hasSlice(foreign);
    };
  }

  /** Connections that would be redirected had there been rules when they were begun. */
  private static SortedSet<Connection> late(
      HostState observed, SortedMap<WorkloadName, Capture> captures) {
    TreeSet<Connection> late = new TreeSet<>();
    if (observed.connections() instanceof Look.Saw<PastRedirect>(PastRedirect past)) {
      for (Connection each : past.halfOpen()) {
        for (Capture capture : captures.values()) {
          if (each.isOf(capture.scope())
              && capture.takes(each.sourcePort(), each.destination(), each.destinationPort())) {
            late.add(each);
          }
        }
      }
    }
    return late;
  }

  private static String by(Desired.HostPart host) {
    return " by " + host.backend().text();
  }

  private static String besides(Desired.HostPart host, HostFacts facts) {
    boolean alone = host.backend() == Backend.IPTABLES && facts.legacy().chosen();
    return facts.legacy().nat() && !alone
        ? "; iptables-legacy has a nat table beside it, whose rules see each connection too and whose"
            + " changes the kernel does not report"
        : "";
  }

  static boolean ready(HostState observed, WorkloadName name) {
    return observed.proxies() instanceof Look.Saw<SortedMap<WorkloadName, ProxyHealth>>(var proxies)
        && proxies.get(name) instanceof ProxyHealth.Ready;
  }

  /** The names, and by what the kernel tells the traffic of each. */
  private static String scoped(
      SortedSet<WorkloadName> captured, SortedMap<WorkloadName, Capture> captures) {
    List<String> texts = new ArrayList<>();
    for (WorkloadName name : captured) {
      Capture capture = captures.get(name);
      texts.add(
          name
              + (capture == null
                  ? ""
                  : switch (capture.scope()) {
                    case Scope.User(int uid) -> " (user " + uid + ")";
                    case Scope.ControlGroup _ -> " (control group)";
                  }));
    }
    return String.join(", ", texts);
  }

  private static String names(SortedSet<WorkloadName> names) {
    return names.isEmpty()
        ? "none"
        : names.stream().map(WorkloadName::text).collect(Collectors.joining(", "));
  }
}
