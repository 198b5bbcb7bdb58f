// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.model.Scope;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.process.DropIn;
import io.meshx.agent.unit.ForeignUnit;
import io.meshx.agent.unit.HostServices;
import io.meshx.agent.unit.OurUnits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;

/** How far services of somebody else are from being workloads, or from being left alone. */
final class ForeignGoal {
  private static final String OURS = "meshx-";

  private final HostState observed;
  private final Observations see;

  ForeignGoal(HostState observed) {
    this.observed = observed;
    this.see = new Observations(observed);
  }

  /** Whether there is such a service and it can be one. */
  Progress usable(Desired.WorkloadProcess.Foreign process) {
    return seen(
        process.unit(),
        unit ->
            switch (unit.load()) {
              case LOADED ->
                  unit.ownNetwork()
                      ? new Progress.Waiting(
                          "another service than "
                              + unit.name()
                              + ", which has a network of its own (PrivateNetwork or"
                              + " NetworkNamespacePath) that no rule of the host reaches")
                      : new Progress.Done("service " + unit.name() + " is there");
              case NOT_FOUND ->
                  new Progress.Waiting(
                      "the service "
                          + unit.name()
                          + ", which does not exist: install its package or change process.unit");
              case MASKED ->
                  new Progress.Waiting(
                      "the service " + unit.name() + ", which is masked: run 'systemctl unmask'");
              case BROKEN ->
                  new Progress.Waiting(
                      "the service "
                          + unit.name()
                          + ", whose files systemd refuses: see 'systemctl status "
                          + unit.name()
                          + "'");
            });
  }

  /** By the slice what the service sends is known; rules that name one that is not there fail. */
  Progress slice(Desired.WorkloadProcess.Foreign process) {
    return see.of(
        observed.foreignUnits(),
        "services of the host",
        there ->
            there.slices().containsKey(process.slice())
                ? new Progress.Done("")
                : new Progress.Changing(List.of(new Change.StartSlice(process.slice()))));
  }

  /** Whether the slice is there. */
  boolean hasSlice(Desired.WorkloadProcess.Foreign process) {
    return there().map(host -> host.slices().containsKey(process.slice())).orElse(false);
  }

  /** Whether it was started with what it is told now. */
  boolean upToDate(Desired.WorkloadProcess.Foreign process) {
    return there()
        .flatMap(host -> Optional.ofNullable(host.units().get(process.unit())))
        .filter(unit -> unit.current() && unit.dropIn().equals(Optional.of(process.dropIn())))
        .isPresent();
  }

  private Optional<HostServices> there() {
    return observed.foreignUnits() instanceof Look.Saw<HostServices>(HostServices host)
        ? Optional.of(host)
        : Optional.empty();
  }

  /** Told that it is a workload, and run in its slice if it runs. */
  Progress joined(Desired.WorkloadProcess.Foreign process) {
    return seen(
        process.unit(),
        unit -> {
          if (!unit.dropIn().equals(Optional.of(process.dropIn())) || unit.outdated()) {
            return new Progress.Changing(
                List.of(new Change.PutDropIn(unit.name(), process.dropIn())));
          }
          if (!unit.running()) {
            return new Progress.Done(
                "service " + unit.name() + " does not run; it will be in the mesh when it does");
          }
          if (isInside(unit, process) && unit.current()) {
            return new Progress.Done("service " + unit.name() + " runs in the mesh");
          }
          return process.restarts()
              ? new Progress.Changing(
                  List.of(new Change.RestartUnit(unit.name(), why(unit, process))))
              : new Progress.Waiting(
                  "a restart of "
                      + unit.name()
                      + ": "
                      + why(unit, process)
                      + "; run 'systemctl restart "
                      + unit.name()
                      + "', or set process.take_over = \"restart\"");
        });
  }

  private static String why(ForeignUnit unit, Desired.WorkloadProcess.Foreign process) {
    return isInside(unit, process) ? "its configuration changed" : "it runs outside the mesh";
  }

  /** Whether it runs, and what it sends is known as the workload's. */
  boolean inside(Desired.WorkloadProcess.Foreign process) {
    return there()
        .flatMap(host -> Optional.ofNullable(host.units().get(process.unit())))
        .filter(unit -> isInside(unit, process))
        .isPresent();
  }

  private static boolean isInside(ForeignUnit unit, Desired.WorkloadProcess.Foreign process) {
    return unit.running()
        && OurUnits.sliceOwner(process.slice()).filter(owner -> isIn(unit, owner)).isPresent();
  }

  private static boolean isIn(ForeignUnit unit, WorkloadName workload) {
    return new Scope.ControlGroup(OurUnits.controlGroup(workload)).contains(unit.controlGroup());
  }

  /**
   * Drop-ins of ours that nobody wants any more. Whoever wants everything gone wants a service
   * restarted for that: held to its packet filter and without its proxy it would be cut off.
   */
  Progress givenBack(Desired desired) {
    return see.of(
        observed.foreignUnits(),
        "services of the host",
        there -> {
          boolean all = desired.host().isEmpty();
          List<Change> changes = new ArrayList<>();
          for (ForeignUnit unit : there.units().values()) {
            Optional<WorkloadName> owner = unit.dropIn().flatMap(DropIn::owner);
            if (owner.isPresent() && !desired.foreignUnits().contains(unit.name())) {
              changes.add(
                  new Change.GiveBack(
                      unit.name(),
                      isIn(unit, owner.get()) && (all || DropIn.restarts(unit.dropIn().get()))));
            }
          }
          return changes.isEmpty() ? new Progress.Done("") : new Progress.Changing(changes);
        });
  }

  /**
   * A slice that nobody wants any more is empty and gone. What still runs in it was given back
   * without a restart; until somebody restarts it, it is a workload.
   */
  Progress left(Desired desired, WorkloadName workload) {
    UnitName slice = OurUnits.slice(workload);
    return see.of(
        observed.foreignUnits(),
        "services of the host",
        there -> {
          SortedSet<String> inside = there.slices().get(slice);
          if (inside == null) {
            return new Progress.Done("");
          }
          List<String> services = inside.stream().filter(name -> !name.startsWith(OURS)).toList();
          if (services.isEmpty()) {
            return new Progress.Changing(List.of(new Change.StopSlice(slice)));
          }
          String service = services.getFirst();
          return desired.host().isEmpty()
              ? new Progress.Changing(
                  List.of(
                      new Change.RestartUnit(new UnitName(service), "it still runs in the mesh")))
              : new Progress.Waiting(
                  "a restart of "
                      + service
                      + ", which still runs in the mesh: run 'systemctl restart "
                      + service
                      + "'");
        });
  }

  /** Whether a service runs in a workload's slice. */
  boolean runsIn(WorkloadName workload) {
    return there()
        .flatMap(host -> Optional.ofNullable(host.slices().get(OurUnits.slice(workload))))
        .filter(inside -> inside.stream().anyMatch(name -> !name.startsWith(OURS)))
        .isPresent();
  }

  /** Workloads that a drop-in or a slice of ours is there for. */
  Set<WorkloadName> owners() {
    Set<WorkloadName> owners = new TreeSet<>();
    there()
        .ifPresent(host -> {
          host.units()
              .values()
              .forEach(unit -> unit.dropIn().flatMap(DropIn::owner).ifPresent(owners::add));
          host.slices().keySet().forEach(s -> OurUnits.sliceOwner(s).ifPresent(owners::add));
        });
    return owners;
  }

  private Progress seen(UnitName name, Function<ForeignUnit, Progress> judge) {
    return see.of(
        observed.foreignUnits(),
        "services of the host",
        there -> {
          ForeignUnit unit = there.units().get(name);
          return unit == null
              ? new Progress.Waiting("a first look at the service " + name)
              : judge.apply(unit);
        });
  }
}
