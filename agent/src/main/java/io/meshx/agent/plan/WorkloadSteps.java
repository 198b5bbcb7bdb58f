// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.connection.PastRedirect;
import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.firewall.Capture;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.health.Verdict;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.probe.Connect;
import io.meshx.agent.process.RenewalHook;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.UnitState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.stream.Collectors;

/** The steps of one workload that joins or has joined. */
final class WorkloadSteps {
  private static final String REDIRECT = "redirect";

  /** Most connections that are named one by one. */
  private static final int NAMED = 3;

  private static final String PROOF = "redirect proof";

  /** The steps that a workload's start waits for. */
  static final Set<String> BEFORE_START = Set.of(REDIRECT, PROOF);

  private final Draft draft;
  private final HostState observed;
  private final UnitGoal units;
  private final Rollout rollout;
  private final WorkloadName name;
  private final Observations see;
  private final ForeignGoal foreign;

  WorkloadSteps(
      Draft draft, HostState observed, UnitGoal units, Rollout rollout, WorkloadName name) {
    this.rollout = rollout;
    this.draft = draft;
    this.observed = observed;
    this.units = units;
    this.name = name;
    this.see = new Observations(observed);
    this.foreign = new ForeignGoal(observed);
  }

  void join(
      Desired.WorkloadPart part,
      HostSteps.Ready host,
      RedirectGoal redirect,
      Optional<Desired.ClusterPart> cluster) {
    RegistrySteps registry = new RegistrySteps(draft, observed);
    String scope = name.text();
    Step prepared =
        draft.step(
            scope,
            "prepared",
            part.lacking().isEmpty()
                ? switch (part.process()) {
                  case Desired.WorkloadProcess.Ours _ -> new Progress.Done("user is there");
                  case Desired.WorkloadProcess.Foreign process -> foreign.usable(process);
                }
                : new Progress.Waiting(String.join("; ", part.lacking())));
    List<Step> forSvid = new ArrayList<>(List.of(prepared, host.identity()));
    host.registered().ifPresent(forSvid::add);
    Step svid =
        draft.step(
            scope,
            "proxy SVID",
            part.svid()
                .map(query -> svid(query, host.parent()))
                .orElse(new Progress.Done("the proxy's own unit checks it before it starts")),
            forSvid);
    List<Step> forProxy = new ArrayList<>(host.network());
    // Not by way of the SVID alone: that may be there all the same.
    forProxy.add(prepared);
    forProxy.add(svid);
    if (part.enlistment().isPresent() && cluster.isPresent()) {
      registry.resource(name, part.enlistment().get(), cluster.get()).ifPresent(forProxy::add);
    }
    Step proxy =
        draft.step(
            scope,
            "proxy",
            Draft.inOrder(
                see.files(part.files()),
                politely(
                    part, rollout.proxy(name, units.running(part.proxy())), registry, cluster)),
            forProxy);
    see.renewal(scope, draft);
    Step ready =
        draft.step(
            scope,
            "proxy ready",
            switch (ready(part)) {
              case Progress.Waiting(String forWhat) ->
                  new Progress.Waiting(forWhat + openly(part, redirect));
              case Progress other -> other;
            },
            proxy,
            svid);
    List<Step> forCapture = new ArrayList<>(List.of(ready, host.interception()));
    List<Step> forProbe = new ArrayList<>();
    switch (part.process()) {
      case Desired.WorkloadProcess.Ours _ -> {}
      case Desired.WorkloadProcess.Foreign process -> {
        Step slice = draft.step(scope, "slice", foreign.slice(process), prepared, host.filter());
        forCapture.addFirst(slice);
        forProbe.add(slice);
      }
    }
    Step captured = draft.step(scope, REDIRECT, captured(part, redirect), forCapture);
    boolean runs = runs(part);
    // The probe of a closed workload waits for the rules by itself: nothing of it can leave
    // without.
    boolean early = part.closed() && !units.ended(part.probe().name());
    List<Step> forProof = new ArrayList<>(List.of(early ? proxy : captured, host.filter()));
    forProof.addAll(forProbe);
    host.blocked().ifPresent(forProof::add);
    Step proof = draft.step(scope, PROOF, proof(part, runs), forProof);
    List<Step> forStart = new ArrayList<>(List.of(captured, proof));
    if (!part.missing().isEmpty()) {
      String missing = String.join("; ", part.missing());
      forStart.add(
          draft.step(
              scope,
              "files",
              runs
                  ? new Progress.Done("the workload runs; its next start waits for " + missing)
                  : new Progress.Waiting(missing),
              prepared));
    }
    if (part.ownSvid().isPresent()) {
      Desired.SvidPart own = part.ownSvid().get();
      Step asked = draft.step(scope, "own SVID", ownSvid(own, host.parent()), forSvid);
      Step files = draft.step(scope, "SVID files", delivered(own, runs), asked);
      forStart.add(files);
      if (own.hook().isPresent()) {
        draft.step(scope, "SVID renewal", told(own.hook().get(), runs), files);
      }
    }
    if (part.ownSvid().flatMap(Desired.SvidPart::hook).isEmpty()
        && units.loaded(OurUnits.renewed(name))) {
      draft.step(scope, "SVID renewal", units.gone(OurUnits.renewed(name), "nobody is to be told"));
    }
    Step workload =
        draft.step(
            scope,
            "workload",
            politely(
                part,
                switch (part.process()) {
                  case Desired.WorkloadProcess.Ours process -> units.running(process.unit());
                  case Desired.WorkloadProcess.Foreign process -> foreign.joined(process);
                },
                registry,
                cluster),
            forStart);
    if (part.health().isPresent()) {
      draft.step(scope, "health", health(), workload);
    }
    if (runs && units.loaded(part.probe().name())) {
      draft.step(scope, "probe", units.gone(part.probe().name(), "the workload runs"));
    }
    if (part.enlistment().isPresent() && cluster.isPresent()) {
      registry.ready(name, part.enlistment().get(), cluster.get());
    }
  }

  private static Progress politely(
      Desired.WorkloadPart part,
      Progress progress,
      RegistrySteps registry,
      Optional<Desired.ClusterPart> cluster) {
    return part.enlistment().isPresent() && cluster.isPresent()
        ? registry.restart(progress, part.enlistment().get(), cluster.get())
        : progress;
  }

  private Progress health() {
    return see.of(
        observed.health(),
        "its health",
        (SortedMap<WorkloadName, List<ProbeState>> all) -> {
          List<ProbeState> probes = all.getOrDefault(name, List.of());
          List<String> failing = new ArrayList<>();
          List<String> pending = new ArrayList<>();
          int falls = 0;
          for (ProbeState probe : probes) {
            falls += probe.falls();
            switch (probe.verdict()) {
              case Verdict.Passing _ -> {}
              case Verdict.Failing(String why) -> failing.add(probe.target() + ": " + why);
              case Verdict.Pending(String last) ->
                  pending.add(probe.target() + (last.isEmpty() ? "" : "; last try: " + last));
            }
          }
          if (!failing.isEmpty()) {
            return new Progress.Waiting("probes to pass: " + String.join("; ", failing));
          }
          if (probes.isEmpty() || !pending.isEmpty()) {
            return new Progress.Waiting(
                Observations.FIRST_LOOK + "its health" + prefixed(String.join("; ", pending)));
          }
          return new Progress.Done(
              probes.stream()
                      .map(probe -> probe.target().toString())
                      .collect(Collectors.joining(", "))
                  + (falls == 0
                      ? ""
                      : "; failed "
                          + (falls == 1 ? "once" : falls + " times")
                          + " since the workload started"));
        });
  }

  private static String prefixed(String text) {
    return text.isEmpty() ? "" : ": " + text;
  }

  private Progress svid(SvidQuery.Delegated query, Optional<SpiffeId> parent) {
    return svid(name.text(), query.expected(), query.selectors(), parent);
  }

  private Progress ownSvid(Desired.SvidPart own, Optional<SpiffeId> parent) {
    return svid(own.key(), own.query().expected(), own.query().selectors(), parent);
  }

  private Progress svid(
      String key, SpiffeId expected, SortedSet<Selector> selectors, Optional<SpiffeId> parent) {
    return see.svid(
        key,
        expected,
        "a registration entry for "
            + expected
            + parent.map(id -> " with the parent " + id + " and").orElse(" with")
            + " the selectors "
            + selectors.stream().map(Selector::toString).collect(Collectors.joining(" and ")),
        units.words(OurUnits.SPIRE_AGENT));
  }

  private Progress delivered(Desired.SvidPart own, boolean runs) {
    Optional<TrustBundle> bundle = see.bundle();
    Optional<String> version = version(own);
    if (bundle.isEmpty() || version.isEmpty()) {
      return new Progress.Waiting("SPIRE's trust bundle, which comes with the agent's own SVID");
    }
    return see.of(
        observed.deliveries(),
        "the files with SVIDs",
        (SortedMap<WorkloadName, Delivered> there) -> {
          Delivered found = there.get(name);
          return found != null
                  && found.directory().equals(own.delivery().directory())
                  && found.version().equals(version.get())
              ? new Progress.Done("in " + found.directory())
              : new Progress.Changing(
                  List.of(new Change.DeliverSvid(own.delivery(), own.key(), bundle.get(), !runs)));
        });
  }

  private Optional<String> version(Desired.SvidPart own) {
    return see.issued(own.key())
        .flatMap(
            issued -> see.bundle().map(bundle -> own.delivery().version(issued.serial(), bundle)));
  }

  /** A workload that started with the SVID has read it; a signal could come before it listens. */
  private Progress told(RenewalHook hook, boolean runs) {
    return see.of(
        observed.deliveries(),
        "the files with SVIDs",
        (SortedMap<WorkloadName, Delivered> there) -> {
          Delivered found = there.get(name);
          if (found == null) {
            return new Progress.Waiting("the files with the SVID");
          }
          return found.beforeStart() || !runs
              ? new Progress.Done("the workload reads it at its start")
              : units.running(hook.unit(found.version()));
        });
  }

  private Progress ready(Desired.WorkloadPart part) {
    return see.of(
        observed.proxies(),
        "proxies",
        (SortedMap<WorkloadName, ProxyHealth> proxies) ->
            switch (proxies.get(name)) {
              case null -> new Progress.Waiting(Observations.FIRST_LOOK + "the proxy");
              case ProxyHealth.Ready(String version, _) ->
                  new Progress.Done("linkerd2-proxy " + version);
              case ProxyHealth.Unreachable(String why) ->
                  new Progress.Waiting("the proxy's admin server: " + why);
              case ProxyHealth.NotReady(List<String> missing) ->
                  new Progress.Waiting(String.join("; ", missing));
              case ProxyHealth.AdminClosedByPolicy(int status) ->
                  new Progress.Waiting(
                      "the proxy's admin port "
                          + part.ports().admin()
                          + ", which inbound policy closes (HTTP "
                          + status
                          + "): until the policy service answers, proxy.inbound_policy of the"
                          + " workload closes it; after that, a Server for this port that is"
                          + " opaque or has routes without /metrics");
              case ProxyHealth.Refused(String version, String reason) ->
                  new Progress.Waiting(
                      "another proxy: version " + version + " is refused, " + reason);
              case ProxyHealth.Zombie(String evidence) ->
                  new Progress.Changing(
                      List.of(
                          new Change.StopUnit(
                              part.proxy().name(), "it never becomes ready: " + evidence)));
            });
  }

  private String openly(Desired.WorkloadPart part, RedirectGoal redirect) {
    if (!part.opensInbound() || !RedirectGoal.runs(part, observed, units)) {
      return "";
    }
    if (part.closed()) {
      return "; the workload runs and connections to its ports are NOT ENCRYPTED meanwhile, since"
          + " intercept.inbound_on_proxy_down is \"open\"";
    }
    return redirect.captured().contains(name)
        ? ""
        : "; the workload runs and its traffic is NOT ENCRYPTED meanwhile, since"
            + " intercept.on_proxy_down is \"open\"";
  }

  private Progress captured(Desired.WorkloadPart part, RedirectGoal redirect) {
    return redirect.captured().contains(name)
        ? new Progress.Done(
            "TCP of the workload and to its ports goes through the proxy" + fromBefore(part))
        : new Progress.Waiting("the redirect rules");
  }

  /** What an open workload began, or took, while it was not redirected. */
  private String fromBefore(Desired.WorkloadPart part) {
    if (part.closed()
        || part.capture().isEmpty()
        || !(observed.connections() instanceof Look.Saw<PastRedirect>(PastRedirect past))) {
      return "";
    }
    Capture capture = part.capture().get();
    List<String> ends =
        past.established().stream()
            .filter(each ->
                each.isOf(capture.scope())
                    && capture.takes(each.sourcePort(), each.destination(), each.destinationPort()))
            .map(each -> each.destination() + " port " + each.destinationPort())
            .distinct()
            .toList();
    return ends.isEmpty()
        ? ""
        : "; "
            + ends.size()
            + " connections from before go on and are NOT ENCRYPTED: "
            + String.join(", ", ends.subList(0, Math.min(ends.size(), NAMED)))
            + (ends.size() > NAMED ? " and others" : "")
            + "; a restart of the workload ends them";
  }

  private boolean runs(Desired.WorkloadPart part) {
    return switch (part.process()) {
      case Desired.WorkloadProcess.Ours process -> runs(process.unit().name());
      case Desired.WorkloadProcess.Foreign process -> foreign.inside(process);
    };
  }

  /** Whether what runs was started as it is wanted now. */
  private boolean upToDate(Desired.WorkloadPart part) {
    return switch (part.process()) {
      case Desired.WorkloadProcess.Ours process -> units.upToDate(process.unit());
      case Desired.WorkloadProcess.Foreign process -> foreign.upToDate(process);
    };
  }

  private boolean runs(UnitName unit) {
    UnitState state = units.units().get(unit);
    return state != null
        && switch (state.activity()) {
          case Activity.Starting _,
              Activity.Running _,
              Activity.Restarting _,
              Activity.Exited _,
              Activity.Stopping _ ->
              true;
          case Activity.Failed _, Activity.Inactive _ -> false;
        };
  }

  private boolean tooEarly(Desired.WorkloadPart part) {
    UnitState state = units.units().get(part.probe().name());
    return state != null
        && state.activity() instanceof Activity.Exited(int status)
        && status == Connect.NO_REDIRECT;
  }

  private Progress proof(Desired.WorkloadPart part, boolean runs) {
    if (!runs) {
      return tooEarly(part)
          ? new Progress.Changing(
              List.of(
                  new Change.StopUnit(
                      part.probe().name(),
                      "it found no redirect, 'journalctl -u "
                          + part.probe().name()
                          + "' says where")))
          : units.running(part.probe());
    }
    String when = "before the workload started; ";
    if (!part.closed()) {
      return new Progress.Done(when + "it is open: without its proxy it leaves in plaintext");
    }
    String exceptions =
        part.capture()
            .map(capture -> capture.direct().toString())
            .filter(text -> !text.isEmpty())
            .map(text -> ", except " + text)
            .orElse("");
    return new Progress.Done(
        upToDate(part)
            ? when + "it cannot leave the host past its proxy" + exceptions
            : when
                + "that it cannot leave the host past its proxy holds from its next start"
                + exceptions);
  }
}
