// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.FileState;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.route.Route;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/** The steps that take away what is there and nobody wants, in the reverse order of joining. */
final class LeaveSteps {
  private static final String UNWANTED = "no configuration asks for it";

  private final Draft draft;
  private final HostState observed;
  private final UnitGoal units;
  private final Observations see;
  private final ForeignGoal foreign;

  LeaveSteps(Draft draft, HostState observed, UnitGoal units) {
    this.draft = draft;
    this.observed = observed;
    this.units = units;
    this.see = new Observations(observed);
    this.foreign = new ForeignGoal(observed);
  }

  void leave(Desired desired, SortedSet<WorkloadName> leaving, RedirectGoal redirect) {
    SortedMap<WorkloadName, Step> heard = new RegistrySteps(draft, observed).withdraw(desired);
    List<Step> givenBackSteps = new ArrayList<>();
    Progress givenBack = foreign.givenBack(desired);
    if (givenBack instanceof Progress.Changing
        || (desired.host().isEmpty() && givenBack instanceof Progress.Waiting)) {
      givenBackSteps.add(
          draft.step(Step.HOST, "give services back", givenBack, new ArrayList<>(heard.values())));
    }
    List<Step> stopped = new ArrayList<>(givenBackSteps);
    for (UnitName unit : units.units().keySet()) {
      OurUnits.readyOwner(unit)
          .filter(name -> !isForeign(desired, name))
          .ifPresent(
              name -> draft.step(name.text(), "stop waiting", units.gone(unit, UNWANTED), stopped));
    }
    for (WorkloadName name : leaving) {
      List<Progress> parts =
          new ArrayList<>(
              List.of(
                  units.gone(OurUnits.workload(name), UNWANTED),
                  units.gone(OurUnits.probe(name), UNWANTED)));
      if (units.loaded(OurUnits.renewed(name))) {
        parts.add(units.gone(OurUnits.renewed(name), UNWANTED));
      }
      Progress gone = Draft.all(parts);
      List<Step> forStop = new ArrayList<>();
      if (heard.containsKey(name)) {
        forStop.add(heard.get(name));
      }
      List<Step> own = new ArrayList<>(givenBackSteps);
      own.add(draft.step(name.text(), "stop workload", gone, forStop));
      stopped.add(own.getLast());
      Progress left = foreign.left(desired, name);
      if (!(left instanceof Progress.Done)) {
        stopped.add(draft.step(name.text(), "leave slice", left, own));
      }
    }
    List<Step> free = new ArrayList<>();
    if (desired.host().isEmpty()) {
      free.add(draft.step(Step.HOST, "redirects out", redirect.progress(), stopped));
    }
    List<Step> proxiesGone = new ArrayList<>(free);
    for (WorkloadName name : leaving) {
      List<Step> own =
          new ArrayList<>(
              stopped.stream().filter(step -> step.scope().equals(name.text())).toList());
      own.add(draft.step(name.text(), "redirect out", redirectOut(name, redirect), own));
      proxiesGone.add(
          draft.step(name.text(), "stop proxy", units.gone(OurUnits.proxy(name), UNWANTED), own));
    }
    host(desired, proxiesGone);
  }

  private static boolean isForeign(Desired desired, WorkloadName name) {
    Desired.WorkloadPart part = desired.workloads().get(name);
    return part != null
        && switch (part.process()) {
          case Desired.WorkloadProcess.Ours _ -> false;
          case Desired.WorkloadProcess.Foreign _ -> true;
        };
  }

  private Progress redirectOut(WorkloadName name, RedirectGoal redirect) {
    if (!(observed.rules() instanceof Look.Saw<HostRules>)) {
      return redirect.progress();
    }
    return redirect.captured().contains(name)
        ? new Progress.Waiting("the redirect rules")
        : new Progress.Done("nothing is redirected");
  }

  private void host(Desired desired, List<Step> proxiesGone) {
    List<Step> needs = new ArrayList<>(proxiesGone);
    SortedSet<UnitName> wanted = wanted(desired);
    for (UnitName unit :
        List.of(OurUnits.ROLLBACK, OurUnits.SPIRE_AGENT, OurUnits.SPIRE_SERVER, OurUnits.DNS)) {
      if (!wanted.contains(unit) && units.loaded(unit)) {
        needs.add(
            draft.step(
                Step.HOST,
                "stop " + unit.text().replace(".service", ""),
                units.gone(unit, UNWANTED),
                proxiesGone));
      }
    }
    boolean all = desired.host().isEmpty();
    leftover("remove SVIDs", deliveries(desired), all, proxiesGone);
    leftover("remove filter", filters(desired), all, proxiesGone);
    leftover("close ports", openings(desired), all, proxiesGone);
    leftover("remove DNS", dns(desired), all, proxiesGone);
    leftover("remove routes", routes(desired), all, proxiesGone);
    leftover("unregister", registrations(desired), all, proxiesGone);
    leftover("remove files", files(desired), all, needs);
  }

  /**
   * A step only where there is something to take away, so that a joined host shows none. Where
   * nothing at all is to stay, not having looked counts too.
   */
  private void leftover(String name, Progress progress, boolean all, List<Step> needs) {
    if (progress instanceof Progress.Changing || (all && progress instanceof Progress.Waiting)) {
      draft.step(Step.HOST, name, progress, needs);
    }
  }

  private static SortedSet<UnitName> wanted(Desired desired) {
    TreeSet<UnitName> wanted = new TreeSet<>();
    desired
        .host()
        .ifPresent(part -> {
          part.confirmWithin().ifPresent(_ -> wanted.add(OurUnits.ROLLBACK));
          part.dns().ifPresent(dns -> wanted.add(dns.forwarder().name()));
          switch (part.identity()) {
            case Desired.Identity.Managed managed -> {
              wanted.add(managed.agent().name());
              managed.demo().ifPresent(demo -> wanted.add(demo.server().name()));
            }
            case Desired.Identity.External _ -> {}
          }
        });
    return wanted;
  }

  private Progress dns(Desired desired) {
    return see.of(
        observed.dns(),
        "the resolver",
        (Optional<DnsView> view) ->
            view.isEmpty() || desired.host().flatMap(Desired.HostPart::dns).isPresent()
                ? new Progress.Done("")
                : new Progress.Changing(List.of(new Change.ClearDns())));
  }

  /** Also those of other versions of ours, once no workload that may need them is there. */
  private Progress filters(Desired desired) {
    Set<String> wanted = desired.filters().keySet();
    boolean needed =
        units.units().keySet().stream().anyMatch(unit -> OurUnits.owner(unit).isPresent());
    return see.of(
        observed.filters(),
        "packet filters",
        (SortedSet<String> names) -> {
          List<Change> changes =
              names.stream()
                  .filter(name -> !wanted.contains(name) && !needed)
                  .<Change>map(Change.UnpinFilter::new)
                  .toList();
          return changes.isEmpty() ? new Progress.Done("") : new Progress.Changing(changes);
        });
  }

  private Progress deliveries(Desired desired) {
    return see.of(
        observed.deliveries(),
        "the files with SVIDs",
        (SortedMap<WorkloadName, Delivered> there) -> {
          List<Change> changes =
              there.keySet().stream()
                  .filter(name -> !getsSvid(desired, name))
                  .<Change>map(Change.RemoveSvid::new)
                  .toList();
          return changes.isEmpty() ? new Progress.Done("") : new Progress.Changing(changes);
        });
  }

  private static boolean getsSvid(Desired desired, WorkloadName name) {
    Desired.WorkloadPart part = desired.workloads().get(name);
    return part != null && part.ownSvid().isPresent();
  }

  private Progress openings(Desired desired) {
    SortedSet<Port> wanted =
        desired.host().filter(Desired.HostPart::opensPorts).isPresent()
            ? desired.inboundPorts()
            : new TreeSet<>();
    return see.of(
        observed.guard(),
        "the host's firewall",
        guard ->
            switch (guard) {
              case Guard.None _, Guard.Chains _, Guard.Ufw _ -> new Progress.Done("");
              case Guard.Firewalld firewalld -> {
                List<Change> changes =
                    firewalld.ours().stream()
                        .filter(opening -> !wanted.contains(opening.port()))
                        .<Change>map(Change.ClosePort::new)
                        .toList();
                yield changes.isEmpty() ? new Progress.Done("") : new Progress.Changing(changes);
              }
            });
  }

  private Progress routes(Desired desired) {
    return see.of(
        observed.routes(),
        "the routing table",
        table -> {
          TreeSet<Route> stale = new TreeSet<>(table.ours());
          desired
              .host()
              .map(Desired.HostPart::routes)
              .ifPresent(routes ->
                  stale.removeIf(route ->
                      routes.waitsFor().isPresent()
                          || routes.wanted().stream()
                              .anyMatch(r -> r.destination().equals(route.destination()))));
          return stale.isEmpty()
              ? new Progress.Done("")
              : new Progress.Changing(stale.stream().<Change>map(Change.RemoveRoute::new).toList());
        });
  }

  private Progress registrations(Desired desired) {
    Optional<Desired.Demo> demo =
        desired.host().map(Desired.HostPart::identity).flatMap(LeaveSteps::demo);
    if (demo.isEmpty()) {
      return new Progress.Done("");
    }
    return see.of(
        observed.registrations(),
        "the SPIRE server's entries",
        (SortedSet<Registration> there) -> {
          List<Change> changes =
              there.stream()
                  .filter(registration -> !demo.get().registrations().contains(registration))
                  .<Change>map(Change.Unregister::new)
                  .toList();
          return changes.isEmpty() ? new Progress.Done("") : new Progress.Changing(changes);
        });
  }

  private static Optional<Desired.Demo> demo(Desired.Identity identity) {
    return switch (identity) {
      case Desired.Identity.Managed managed -> managed.demo();
      case Desired.Identity.External _ -> Optional.empty();
    };
  }

  private Progress files(Desired desired) {
    return see.of(
        observed.files(),
        "files",
        (SortedMap<Path, FileState> there) -> {
          SortedSet<Path> wanted = desired.paths();
          List<Change> changes =
              there.keySet().stream()
                  .filter(path -> !wanted.contains(path))
                  .<Change>map(Change.RemoveFile::new)
                  .toList();
          return changes.isEmpty() ? new Progress.Done("") : new Progress.Changing(changes);
        });
  }
}
