// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.connection.PastRedirect;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.health.Watched;
import io.meshx.agent.host.Facts;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Aspect;
import io.meshx.agent.plan.Blueprint;
import io.meshx.agent.plan.Desired;
import io.meshx.agent.plan.HostState;
import io.meshx.agent.plan.Look;
import io.meshx.agent.proxy.ProxyEndpoint;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.registry.NodesState;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.spire.AgentHealth;
import io.meshx.agent.spire.Diagnosis;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.ForeignUnit;
import io.meshx.agent.unit.HostServices;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.UnitState;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** How each aspect is looked at, and what of the last state such a look needs to know. */
final class Looks {
  private static final int LAST_LINES = 40;

  private interface Source<T> {
    T look() throws HostException;
  }

  private final HostPorts ports;

  Looks(HostPorts ports) {
    this.ports = ports;
  }

  /**
   * A look at one aspect, to be run on any thread: gives the change of the state that it brings.
   */
  Runner runner(Aspect aspect, HostState state, Blueprint blueprint, Desired desired) {
    return switch (aspect) {
      case FACTS -> {
        Facts.Questions ask = blueprint.questions();
        yield () -> {
          var look = look(() -> ports.facts().observe(ask));
          return old -> old.withFacts(look);
        };
      }
      case FILES -> {
        var paths = desired.paths();
        yield () -> {
          var look = look(() -> ports.files().observe(paths));
          return old -> old.withFiles(look);
        };
      }
      case ROUTES ->
          () -> {
            var look = look(() -> ports.routes().observe());
            return old -> old.withRoutes(look);
          };
      case DNS ->
          () -> {
            var look = look(() -> ports.dns().observe());
            return old -> old.withDns(look);
          };
      case UNITS ->
          () -> {
            var look = look(() -> ports.units().observe());
            return old -> old.withUnits(look);
          };
      case FOREIGN_UNITS -> {
        SortedSet<UnitName> foreign = desired.foreignUnits();
        yield () -> {
          var look = look(() -> ports.foreignUnits().observe(foreign));
          return old -> old.withForeignUnits(look);
        };
      }
      case RULES ->
          () -> {
            var look = look(() -> ports.firewall().observe());
            return old -> old.withRules(look);
          };
      case TRIAL ->
          () -> {
            var look = look(() -> ports.trials().observe());
            return old -> old.withTrial(look);
          };
      case CONNECTIONS -> {
        Set<Scope> redirected = desired.redirected();
        Set<Scope> open = desired.open();
        yield () -> {
          var look =
              look(() ->
                  new PastRedirect(
                      redirected.isEmpty()
                          ? new TreeSet<>()
                          : ports.connections().halfOpen(redirected),
                      open.isEmpty() ? new TreeSet<>() : ports.connections().established(open)));
          return old -> old.withConnections(look);
        };
      }
      case FILTERS ->
          () -> {
            var look = look(() -> ports.filters().observe());
            return old -> old.withFilters(look);
          };
      case INLETS ->
          () -> {
            var look = look(() -> ports.inlets().observe());
            return old -> old.withGuard(look);
          };
      case REGISTRATIONS -> {
        Optional<Desired.Demo> demo = demo(desired);
        yield () -> {
          var look =
              look(() ->
                  demo.isPresent()
                      ? ports.registrar().observe(demo.get().alias())
                      : new TreeSet<Registration>());
          return old -> old.withRegistrations(look);
        };
      }
      case SPIRE_AGENT -> {
        // One that has not given out an SVID yet has no sockets, or nothing to say.
        boolean asked =
            activity(OurUnits.SPIRE_AGENT, state)
                    .filter(Activity.Running.class::isInstance)
                    .isPresent()
                && own(state).isPresent();
        yield () -> {
          Look<AgentHealth> look =
              new Look.Saw<>(asked ? ports.spireAgent().observe() : new AgentHealth.Silent());
          return old -> old.withSpireAgent(look);
        };
      }
      case SVIDS ->
          () -> {
            Look<SortedMap<String, SvidState>> look = new Look.Saw<>(ports.identities().observe());
            return old -> old.withSvids(look);
          };
      case DELIVERIES ->
          () -> {
            var look = look(() -> ports.deliveries().observe());
            return old -> old.withDeliveries(look);
          };
      case PROXIES -> {
        SortedMap<WorkloadName, ProxyEndpoint> endpoints = endpoints(desired, state);
        yield () -> {
          TreeMap<WorkloadName, ProxyHealth> health = new TreeMap<>();
          endpoints.forEach((name, endpoint) -> health.put(name, ports.proxies().look(endpoint)));
          return old -> ofTheSame(old.withProxies(new Look.Saw<>(health)), desired, endpoints);
        };
      }
      case HEALTH ->
          () -> {
            Look<SortedMap<WorkloadName, List<ProbeState>>> look =
                new Look.Saw<>(ports.health().observe());
            return old -> old.withHealth(look);
          };
      case REGISTRY ->
          () -> {
            Look<RegistryView> look = new Look.Saw<>(ports.registry().observe());
            return old -> old.withRegistry(look);
          };
      case LAST_WORDS -> {
        SortedSet<UnitName> troubled = troubled(state);
        Set<UnitName> loaded =
            state.units() instanceof Look.Saw<SortedMap<UnitName, UnitState>>(var units)
                ? units.keySet()
                : Set.of();
        yield () -> {
          Look<SortedMap<UnitName, String>> look = look(() -> lastWords(troubled, loaded));
          return old -> old.withLastWords(look);
        };
      }
    };
  }

  /** A look that was prepared on the loop's thread. */
  interface Runner {
    UnaryOperator<HostState> run();
  }

  private static <T> Look<T> look(Source<T> source) {
    try {
      return new Look.Saw<>(source.look());
    } catch (HostException e) {
      return new Look.Failed<>(String.valueOf(e.getMessage()));
    }
  }

  static Optional<Desired.Demo> demo(Desired desired) {
    return desired
        .host()
        .map(Desired.HostPart::identity)
        .flatMap(identity ->
            switch (identity) {
              case Desired.Identity.Managed managed -> managed.demo();
              case Desired.Identity.External _ -> Optional.empty();
            });
  }

  /** The proxies whose main process runs. */
  static SortedMap<WorkloadName, ProxyEndpoint> endpoints(Desired desired, HostState state) {
    TreeMap<WorkloadName, ProxyEndpoint> endpoints = new TreeMap<>();
    if (state.units() instanceof Look.Saw<SortedMap<UnitName, UnitState>>(var units)) {
      desired
          .workloads()
          .forEach((name, part) -> {
            UnitState unit = units.get(part.proxy().name());
            if (unit != null && unit.activity() instanceof Activity.Running running) {
              endpoints.put(
                  name,
                  new ProxyEndpoint(
                      unit.name(),
                      running.invocation(),
                      part.ports().inbound(),
                      part.ports().outbound(),
                      part.ports().admin()));
            }
          });
    }
    return endpoints;
  }

  /** The workloads that run, and how they are probed. */
  static SortedMap<WorkloadName, Watched> watched(Desired desired, HostState state) {
    TreeMap<WorkloadName, Watched> watched = new TreeMap<>();
    desired
        .workloads()
        .forEach((name, part) ->
            part.health()
                .ifPresent(health ->
                    run(part, state)
                        .ifPresent(run ->
                            watched.put(
                                name, new Watched(run, health.confinement(), health.probes())))));
    return watched;
  }

  /** By what a run of a workload is told from another; empty if it does not run. */
  private static Optional<String> run(Desired.WorkloadPart part, HostState state) {
    return switch (part.process()) {
      case Desired.WorkloadProcess.Ours ours ->
          activity(ours.unit().name(), state)
              .flatMap(activity ->
                  activity instanceof Activity.Running running
                      ? Optional.of(running.invocation())
                      : Optional.empty());
      case Desired.WorkloadProcess.Foreign foreign ->
          state.foreignUnits() instanceof Look.Saw<HostServices>(HostServices services)
              ? Optional.ofNullable(services.units().get(foreign.unit()))
                  .filter(ForeignUnit::running)
                  .map(unit -> unit.name().text())
              : Optional.empty();
    };
  }

  /** The nodes of the cluster. */
  static NodesState nodes(HostState state) {
    return state.registry() instanceof Look.Saw<RegistryView>(RegistryView view)
        ? view.nodes()
        : new NodesState.Unfollowed();
  }

  /** A state without the health of proxies that are others than they were. */
  static HostState ofTheSame(
      HostState state, Desired desired, SortedMap<WorkloadName, ProxyEndpoint> were) {
    if (state.proxies() instanceof Look.Saw<SortedMap<WorkloadName, ProxyHealth>>(var proxies)) {
      SortedMap<WorkloadName, ProxyEndpoint> are = endpoints(desired, state);
      TreeMap<WorkloadName, ProxyHealth> same = new TreeMap<>(proxies);
      same.keySet().removeIf(name -> !Objects.equals(were.get(name), are.get(name)));
      return state.withProxies(new Look.Saw<>(same));
    }
    return state;
  }

  /** The agent's own SVID. */
  static Optional<SvidState.Issued> own(HostState state) {
    return state.svids() instanceof Look.Saw<SortedMap<String, SvidState>>(var svids)
            && svids.get(Identities.AGENT) instanceof SvidState.Issued issued
        ? Optional.of(issued)
        : Optional.empty();
  }

  /** What a unit is doing; empty if it is not loaded. */
  static Optional<Activity> activity(UnitName name, HostState state) {
    return state.units() instanceof Look.Saw<SortedMap<UnitName, UnitState>>(var units)
        ? Optional.ofNullable(units.get(name)).map(UnitState::activity)
        : Optional.empty();
  }

  /** The units that do not stay up. */
  static SortedSet<UnitName> failing(HostState state) {
    TreeSet<UnitName> failing = new TreeSet<>();
    if (state.units() instanceof Look.Saw<SortedMap<UnitName, UnitState>>(var units)) {
      units.forEach((name, unit) -> {
        switch (unit.activity()) {
          case Activity.Restarting _, Activity.Failed _ -> failing.add(name);
          case Activity.Starting _,
              Activity.Running _,
              Activity.Exited _,
              Activity.Stopping _,
              Activity.Inactive _ -> {}
        }
      });
    }
    return failing;
  }

  /** The units whose log is worth reading. */
  static SortedSet<UnitName> troubled(HostState state) {
    SortedSet<UnitName> troubled = failing(state);
    if (state.units() instanceof Look.Saw<SortedMap<UnitName, UnitState>>(var units)) {
      // One that is gone may have said why: that the server knows it no more, for example.
      if (state.svids() instanceof Look.Saw<SortedMap<String, SvidState>>(var svids)
          && svids.containsKey(Identities.AGENT)
          && own(state).isEmpty()) {
        troubled.add(OurUnits.SPIRE_AGENT);
      }
      if (units.containsKey(OurUnits.SPIRE_AGENT)
          && state.spireAgent() instanceof Look.Saw<AgentHealth>(AgentHealth.Answers answers)
          && (answers.outOfTouch() || !answers.serving())) {
        troubled.add(OurUnits.SPIRE_AGENT);
      }
    }
    return troubled;
  }

  private SortedMap<UnitName, String> lastWords(SortedSet<UnitName> troubled, Set<UnitName> loaded)
      throws HostException {
    TreeMap<UnitName, String> words = new TreeMap<>();
    for (UnitName unit : troubled) {
      List<String> lines = ports.journal().last(unit, LAST_LINES);
      Optional<String> diagnosed =
          unit.equals(OurUnits.SPIRE_AGENT) || unit.equals(OurUnits.SPIRE_SERVER)
              ? Diagnosis.of(lines)
              : Optional.empty();
      if (diagnosed.isPresent()) {
        words.put(unit, diagnosed.get());
      } else if (!lines.isEmpty() && loaded.contains(unit)) {
        words.put(unit, "'" + lines.getLast() + "'");
      }
    }
    return words;
  }
}
