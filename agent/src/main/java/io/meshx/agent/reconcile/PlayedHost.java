// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.connection.Connection;
import io.meshx.agent.connection.Connections;
import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.delivery.Deliveries;
import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.dns.Dns;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.FileState;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.filter.Filters;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.firewall.Firewall;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.health.Health;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.health.Verdict;
import io.meshx.agent.health.Watched;
import io.meshx.agent.host.Facts;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.inlet.Opening;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Parting;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.Registry;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.route.Route;
import io.meshx.agent.route.RouteTable;
import io.meshx.agent.route.Routes;
import io.meshx.agent.spire.SpireVersion;
import io.meshx.agent.trial.Memory;
import io.meshx.agent.trial.Trials;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.ForeignUnits;
import io.meshx.agent.unit.HostServices;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import io.meshx.agent.unit.Units;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A host that is looked at as it is, but on which nothing of ours is found, every change takes
 * effect in memory only, every program is there, every SVID is issued and every proxy is ready. A
 * whole join can be gone through on it, also where the agent has joined already.
 */
final class PlayedHost {
  private static final String INVOCATION = "0".repeat(32);
  private static final Duration VALIDITY = Duration.ofHours(1);

  private PlayedHost() {}

  static HostPorts of(HostPorts host, InstantSource clock) {
    return new HostPorts(
        new Equipped(host.facts()),
        new Files(host.files()),
        new RoutingTable(host.routes()),
        new Resolver(host.dns()),
        new Services(host.units()),
        new Guests(host.foreignUnits()),
        host.journal(),
        new PacketFilter(host.firewall()),
        host.ruleWatch(),
        new Remembered(host.trials()),
        new Tracking(host.connections()),
        new PinnedPrograms(host.filters()),
        new Gatekeeper(host.inlets()),
        host.registrar(),
        host.spireAgent(),
        new Issuer(clock),
        new Handing(host.deliveries()),
        _ -> new ProxyHealth.Ready("rehearsal", clock.instant().plus(VALIDITY)),
        new Healthy(new HashMap<>()),
        new NoCluster());
  }

  private record Equipped(Facts real) implements Facts {
    @Override
    public HostFacts observe(Questions ask) throws HostException {
      HostFacts there = real.observe(ask);
      TreeMap<Path, String> versions = new TreeMap<>();
      ask.versions().forEach(program -> versions.put(program, SpireVersion.OLDEST.toString()));
      return new HostFacts(
          there.uids(),
          there.families(),
          new TreeSet<>(ask.executables()),
          new TreeMap<>(),
          versions,
          there.files(),
          there.sshPorts(),
          there.legacy(),
          there.nameservers(),
          there.unified(),
          there.attestation());
    }
  }

  private record Healthy(Map<WorkloadName, List<ProbeState>> all) implements Health {
    @Override
    public synchronized void follow(SortedMap<WorkloadName, Watched> workloads) {
      all.clear();
      workloads.forEach((name, watched) ->
          all.put(
              name,
              watched.probes().stream()
                  .map(probe -> new ProbeState(probe.target(), new Verdict.Passing(), 0))
                  .toList()));
    }

    @Override
    public synchronized SortedMap<WorkloadName, List<ProbeState>> observe() {
      return new TreeMap<>(all);
    }

    @Override
    public void onChange(Runnable lookAgain) {}

    @Override
    public void close() {}
  }

  private record NoCluster() implements Registry {
    @Override
    public void follow(Optional<ClusterAccess> access, SortedSet<ResourceName> resources) {}

    @Override
    public void vouch(Optional<Duration> lasts) {}

    @Override
    public void followNodes(boolean whether) {}

    @Override
    public void fallSilent() {}

    @Override
    public RegistryView observe() {
      return RegistryView.NONE;
    }

    @Override
    public void onChange(Runnable lookAgain) {}

    @Override
    public void enlist(ResourceName resource, WorkloadName workload, ExternalWorkload says) {}

    @Override
    public void setReady(ResourceName resource, WorkloadName workload, Readiness readiness) {}

    @Override
    public void withdraw(ResourceName resource, Parting how) {}

    @Override
    public void close() {}
  }

  private record Files(HostFiles real, Map<Path, FileState> written) implements HostFiles {
    Files(HostFiles real) {
      this(real, new HashMap<>());
    }

    @Override
    public synchronized SortedMap<Path, FileState> observe(Set<Path> paths) throws HostException {
      real.observe(paths);
      return new TreeMap<>(written);
    }

    @Override
    public synchronized void write(HostFile file) {
      written.put(file.path(), file.state());
    }

    @Override
    public synchronized void remove(Path path) {
      written.remove(path);
    }
  }

  private record RoutingTable(Routes real, TreeSet<Route> added) implements Routes {
    RoutingTable(Routes real) {
      this(real, new TreeSet<>());
    }

    @Override
    public synchronized RouteTable observe() throws HostException {
      return new RouteTable(new TreeSet<>(added), real.observe().others());
    }

    @Override
    public synchronized void add(Route route) {
      added.add(route);
    }

    @Override
    public synchronized void remove(Route route) {
      added.remove(route);
    }

    @Override
    public void onChange(Runnable lookAgain) {}

    @Override
    public void close() {}
  }

  private static final class Resolver implements Dns {
    private final Dns real;
    private volatile Optional<DnsView> view = Optional.empty();

    Resolver(Dns real) {
      this.real = real;
    }

    @Override
    public Optional<DnsView> observe() throws HostException {
      real.observe();
      return view;
    }

    @Override
    public void apply(DnsView wanted) {
      view = Optional.of(wanted);
    }

    @Override
    public void clear() {
      view = Optional.empty();
    }

    @Override
    public void onChange(Runnable lookAgain) {
      real.onChange(lookAgain);
    }
  }

  /** Rules change in memory only, so nothing of them is ever on trial. */
  private record Remembered(Trials real) implements Trials {
    @Override
    public Memory observe() throws HostException {
      real.observe();
      return Memory.EMPTY;
    }

    @Override
    public void begin(HostRules before) {}

    @Override
    public void confirm(Digest wanted) {}
  }

  private record Tracking(Connections real) implements Connections {
    @Override
    public SortedSet<Connection> halfOpen(Set<Scope> scopes) throws HostException {
      return real.halfOpen(scopes);
    }

    @Override
    public SortedSet<Connection> established(Set<Scope> scopes) throws HostException {
      return real.established(scopes);
    }

    @Override
    public void forget(Set<Connection> connections) {}
  }

  private record Guests(ForeignUnits real) implements ForeignUnits {
    @Override
    public HostServices observe(Set<UnitName> names) throws HostException {
      return real.observe(names);
    }

    @Override
    public void startSlice(UnitName slice) {}

    @Override
    public void stopSlice(UnitName slice) {}

    @Override
    public void putDropIn(UnitName name, String text) {}

    @Override
    public void removeDropIn(UnitName name) {}

    @Override
    public void restart(UnitName name) {}

    @Override
    public void onChange(Runnable lookAgain) {
      real.onChange(lookAgain);
    }
  }

  private static final class Services implements Units {
    private final Units real;
    private final TreeMap<UnitName, UnitState> started = new TreeMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    Services(Units real) {
      this.real = real;
    }

    @Override
    public synchronized SortedMap<UnitName, UnitState> observe() throws HostException {
      real.observe();
      return new TreeMap<>(started);
    }

    @Override
    public void start(UnitSpec spec) {
      boolean once = new Property.Text("oneshot").equals(spec.properties().get("Type"));
      synchronized (this) {
        started.put(
            spec.name(),
            new UnitState(
                spec.name(),
                Optional.of(spec.fingerprint()),
                once ? new Activity.Exited(0) : new Activity.Running(1, INVOCATION)));
      }
      listeners.forEach(Runnable::run);
    }

    @Override
    public void stop(UnitName name) {
      synchronized (this) {
        started.remove(name);
      }
      listeners.forEach(Runnable::run);
    }

    @Override
    public void forget(UnitName name) {
      stop(name);
    }

    @Override
    public void onChange(Runnable lookAgain) {
      listeners.add(lookAgain);
      real.onChange(lookAgain);
    }

    @Override
    public void close() {
      real.close();
    }
  }

  private static final class PacketFilter implements Firewall {
    private final Firewall real;
    private volatile Optional<HostRules> rules = Optional.empty();

    PacketFilter(Firewall real) {
      this.real = real;
    }

    @Override
    public HostRules observe() throws HostException {
      HostRules there = real.observe();
      return rules.orElseGet(
          () -> HostRules.none(new TreeSet<>(there.iptables().families().keySet())));
    }

    @Override
    public void apply(HostRules wanted) {
      rules = Optional.of(wanted);
    }
  }

  private record PinnedPrograms(Filters real, TreeSet<String> pinned) implements Filters {
    PinnedPrograms(Filters real) {
      this(real, new TreeSet<>());
    }

    @Override
    public synchronized SortedSet<String> observe() throws HostException {
      real.observe();
      return new TreeSet<>(pinned);
    }

    @Override
    public synchronized void pin(PacketProgram program) {
      pinned.add(program.name());
    }

    @Override
    public synchronized void unpin(String name) {
      pinned.remove(name);
    }
  }

  /** Looked at as it is; then nobody guards the host, so that nothing waits for an opening. */
  private record Gatekeeper(Inlets real) implements Inlets {
    @Override
    public Guard observe() throws HostException {
      real.observe();
      return new Guard.None();
    }

    @Override
    public void open(Opening opening) {}

    @Override
    public void close(Opening opening) {}

    @Override
    public void onChange(Runnable lookAgain) {
      real.onChange(lookAgain);
    }
  }

  /** No SVID comes with a key in a rehearsal, so none is ever delivered. */
  private record Handing(Deliveries real) implements Deliveries {
    @Override
    public SortedMap<WorkloadName, Delivered> observe() throws HostException {
      real.observe();
      return new TreeMap<>();
    }

    @Override
    public void deliver(
        Delivery delivery, SvidMaterial svid, TrustBundle bundle, boolean beforeStart) {}

    @Override
    public void remove(WorkloadName workload) {}
  }

  private static final class Issuer implements Identities {
    private final InstantSource clock;
    private final TreeMap<String, SvidState> issued = new TreeMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    Issuer(InstantSource clock) {
      this.clock = clock;
    }

    @Override
    public void follow(SortedMap<String, SvidQuery> queries) {
      boolean news;
      synchronized (this) {
        news = !issued.keySet().equals(queries.keySet());
        queries.forEach((key, query) ->
            issued.computeIfAbsent(
                key,
                _ ->
                    new SvidState.Issued(
                        query.expected(),
                        "1",
                        clock.instant(),
                        clock.instant().plus(VALIDITY),
                        clock.instant(),
                        0)));
      }
      if (news) {
        listeners.forEach(Runnable::run);
      }
    }

    @Override
    public synchronized SortedMap<String, SvidState> observe() {
      return new TreeMap<>(issued);
    }

    @Override
    public Optional<SvidMaterial> material(String key) {
      return Optional.empty();
    }

    @Override
    public void onChange(Runnable lookAgain) {
      listeners.add(lookAgain);
    }

    @Override
    public void close() {}
  }
}
