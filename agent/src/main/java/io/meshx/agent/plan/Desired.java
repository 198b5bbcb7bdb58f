// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.firewall.Backend;
import io.meshx.agent.firewall.Capture;
import io.meshx.agent.firewall.HostCapture;
import io.meshx.agent.health.Confinement;
import io.meshx.agent.health.Probe;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.process.RenewalHook;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.route.Route;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.unit.Fingerprint;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is wanted of a host, in the same terms as what is observed.
 *
 * @param host what belongs to the host as a whole; empty when nothing is wanted at all
 * @param workloads what belongs to each workload
 */
public record Desired(Optional<HostPart> host, SortedMap<WorkloadName, WorkloadPart> workloads) {
  /** Nothing: the host as it was before. */
  public static final Desired NOTHING = new Desired(Optional.empty(), new TreeMap<>());

  /** Keeps a copy. */
  public Desired {
    workloads = Collections.unmodifiableSortedMap(new TreeMap<>(workloads));
  }

  /**
   * The host's part.
   *
   * @param lacking what the host must have and has not, each in words; nothing starts before
   * @param routes routes to the cluster
   * @param dns how cluster names are resolved; empty if the host does that already
   * @param identity where SVIDs come from
   * @param exempt user IDs whose traffic is never redirected
   * @param backend where redirect rules are kept
   * @param opensPorts whether the inbound ports of the proxies are opened in the host's firewall
   * @param confirmWithin how long a change of the rules is on trial, if it is
   * @param chosenPorts the file that keeps the ports that were chosen for proxies, if any were
   * @param served ports at which others must reach SPIRE on this host
   * @param cluster the one that is told of the workloads, if one is
   * @param warnings what holds nothing up and should not stay as it is, each in words
   */
  public record HostPart(
      List<String> lacking,
      RoutesPart routes,
      Optional<DnsPart> dns,
      Identity identity,
      SortedSet<Integer> exempt,
      Backend backend,
      boolean opensPorts,
      Optional<Duration> confirmWithin,
      Optional<HostFile> chosenPorts,
      SortedSet<Port> served,
      Optional<ClusterPart> cluster,
      List<String> warnings) {
    /** Keeps copies. */
    public HostPart {
      warnings = List.copyOf(warnings);
      lacking = List.copyOf(lacking);
      served = Collections.unmodifiableSortedSet(new TreeSet<>(served));
      exempt = Collections.unmodifiableSortedSet(new TreeSet<>(exempt));
    }
  }

  /**
   * Routes to the cluster.
   *
   * @param wanted those that are known to be needed
   * @param waitsFor what has to be known before all are; empty if they are
   */
  public record RoutesPart(SortedSet<Route> wanted, Optional<String> waitsFor) {
    /** Keeps a copy. */
    public RoutesPart {
      wanted = Collections.unmodifiableSortedSet(new TreeSet<>(wanted));
    }
  }

  /**
   * Cluster DNS.
   *
   * @param view what the resolver is told
   * @param forwarder the unit that answers it
   */
  public record DnsPart(DnsView view, UnitSpec forwarder) {}

  /**
   * The cluster that is told of the workloads.
   *
   * @param access how it is reached
   * @param creates whether we make the resources
   * @param deletes whether they are deleted when a workload leaves
   * @param drainsForRestarts whether peers hear of a restart of ours before it
   * @param followsNodes whether the networks of its nodes' pods are asked for
   * @param lease how long it knows each time that this host lives; empty if it is not told
   * @param draining whether peers are to choose no workload of this host
   */
  public record ClusterPart(
      ClusterAccess access,
      boolean creates,
      boolean deletes,
      boolean drainsForRestarts,
      boolean followsNodes,
      Optional<Duration> lease,
      boolean draining) {}

  /**
   * The resource of a workload.
   *
   * @param resource its name
   * @param says what it is to say
   */
  public record Enlistment(ResourceName resource, ExternalWorkload says) {}

  /** Where SVIDs come from. */
  public sealed interface Identity {
    /**
     * A SPIRE agent that we run.
     *
     * @param files its configuration and directories
     * @param agent its unit
     * @param self the agent's own SPIFFE ID, with which it asks for those of the proxies
     * @param alias parent of all entries: the SPIFFE ID of whatever SPIRE agent runs on this host
     * @param throughCluster whether the SPIRE server is reached over the cluster's routes or DNS
     * @param attested whether the SPIRE agent has an identity, so that nothing must prove the host
     *     now
     * @param joinToken the join token that somebody else must make and that is still needed
     * @param spentToken a join token that this SPIRE agent has used, if it is still there
     * @param demo the SPIRE server beside it, in demo mode
     */
    record Managed(
        List<HostFile> files,
        UnitSpec agent,
        SpiffeId self,
        SpiffeId alias,
        boolean throughCluster,
        boolean attested,
        Optional<JoinToken> joinToken,
        Optional<SpentToken> spentToken,
        Optional<Demo> demo)
        implements Identity {
      /** Keeps a copy. */
      public Managed {
        files = List.copyOf(files);
      }
    }

    /**
     * A SPIRE agent that somebody else runs.
     *
     * @param socket its Workload API socket
     * @param there whether the socket exists
     */
    record External(Path socket, boolean there) implements Identity {}
  }

  /**
   * The join token of a SPIRE agent that has no identity yet.
   *
   * @param file where it is read from
   * @param there whether that file exists
   * @param ended when the identity that it had came to its end, if it had one
   */
  public record JoinToken(Path file, boolean there, Optional<Instant> ended) {}

  /**
   * A join token that may have been used, on a host whose SPIRE agent is attested.
   *
   * @param file where it is
   * @param user by what a SPIRE agent is recognised that was started with it as it is
   */
  public record SpentToken(Path file, Fingerprint user) {}

  /**
   * The demo mode's SPIRE server.
   *
   * @param files its configuration and directories
   * @param server its unit
   * @param alias parent of all entries: the SPIFFE ID of whatever SPIRE agent runs on this host
   * @param registrations all entries below the alias
   * @param token where a join token is wanted; empty when the SPIRE agent is attested already
   */
  public record Demo(
      List<HostFile> files,
      UnitSpec server,
      SpiffeId alias,
      SortedSet<Registration> registrations,
      Optional<Path> token) {
    /** Keeps copies. */
    public Demo {
      files = List.copyOf(files);
      registrations = Collections.unmodifiableSortedSet(new TreeSet<>(registrations));
    }
  }

  /**
   * A workload's part.
   *
   * @param lacking what this workload needs of the host and has not, each in words
   * @param svid the SVID that its proxy must get; empty when nobody lets us ask for it
   * @param files the proxy's environment file and its directory
   * @param proxy the proxy's unit
   * @param ports the proxy's listeners
   * @param capture what is redirected; empty when the workload's user does not exist
   * @param everybodyElse what of the rest of the host goes through this workload's proxy while it
   *     is ready, if anything
   * @param closed whether its traffic waits while the proxy is not ready; else it goes directly
   *     meanwhile
   * @param opensInbound whether what comes in goes directly then
   * @param filters the programs that its packets have to pass, if it is closed
   * @param probe the unit that proves the redirect
   * @param process what runs
   * @param missing files that the process needs at its start and that are not there, in words
   * @param ownSvid the SVID that it gets itself, if it does
   * @param health how it is found out whether it serves, if it is
   * @param enlistment how a cluster is told of it, if one is
   */
  public record WorkloadPart(
      List<String> lacking,
      Optional<SvidQuery.Delegated> svid,
      List<HostFile> files,
      UnitSpec proxy,
      ProxyPorts ports,
      Optional<Capture> capture,
      Optional<HostCapture> everybodyElse,
      boolean closed,
      boolean opensInbound,
      List<PacketProgram> filters,
      UnitSpec probe,
      WorkloadProcess process,
      List<String> missing,
      Optional<SvidPart> ownSvid,
      Optional<HealthPart> health,
      Optional<Enlistment> enlistment) {
    /** Keeps a copy. */
    public WorkloadPart {
      files = List.copyOf(files);
      lacking = List.copyOf(lacking);
      filters = List.copyOf(filters);
      missing = List.copyOf(missing);
    }
  }

  /**
   * Probes of a workload.
   *
   * @param confinement where what they run is held
   * @param probes all of them must pass
   */
  public record HealthPart(Confinement confinement, List<Probe> probes) {
    /** Keeps a copy. */
    public HealthPart {
      probes = List.copyOf(probes);
    }
  }

  /**
   * An SVID for a workload itself.
   *
   * @param delivery where and for whom
   * @param query how SPIRE is asked for it
   * @param hook what tells the workload of a new one
   */
  public record SvidPart(Delivery delivery, SvidQuery.Handed query, Optional<RenewalHook> hook) {
    /** By what it is known among the SVIDs that are followed; no workload has such a name. */
    public String key() {
      return delivery.workload() + " (files)";
    }
  }

  /** What runs. */
  public sealed interface WorkloadProcess {
    /**
     * A process of ours.
     *
     * @param unit its unit
     */
    record Ours(UnitSpec unit) implements WorkloadProcess {}

    /**
     * A service of somebody else.
     *
     * @param unit its name
     * @param slice what its processes are to run in
     * @param dropIn what it is told
     * @param restarts whether it may be restarted for that
     */
    record Foreign(UnitName unit, UnitName slice, String dropIn, boolean restarts)
        implements WorkloadProcess {}
  }

  /** The services of somebody else that are workloads. */
  public SortedSet<UnitName> foreignUnits() {
    TreeSet<UnitName> units = new TreeSet<>();
    workloads
        .values()
        .forEach(part -> {
          switch (part.process()) {
            case WorkloadProcess.Foreign foreign -> units.add(foreign.unit());
            case WorkloadProcess.Ours _ -> {}
          }
        });
    return units;
  }

  /**
   * A proxy's listeners.
   *
   * @param inbound on all addresses
   * @param outbound on loopback
   * @param admin on loopback
   */
  public record ProxyPorts(Port inbound, Port outbound, Port admin) {}

  /** The packet filters of all workloads by their names. */
  public SortedMap<String, PacketProgram> filters() {
    TreeMap<String, PacketProgram> filters = new TreeMap<>();
    workloads.values().forEach(part -> part.filters().forEach(f -> filters.put(f.name(), f)));
    return filters;
  }

  /** By what a change of all that is to be redirected is noticed. */
  public Digest interception() {
    StringBuilder text = new StringBuilder();
    host.ifPresent(part -> text.append(part.backend() + " " + part.exempt() + "\n"));
    workloads.forEach((name, part) ->
        text.append(name + " " + part.capture() + " " + part.everybodyElse() + "\n"));
    return Digest.of(text.toString());
  }

  /** By what all workloads are known. */
  public Set<Scope> redirected() {
    Set<Scope> scopes = new HashSet<>();
    workloads.values().forEach(part -> part.capture().ifPresent(each -> scopes.add(each.scope())));
    return scopes;
  }

  /** By what those are known that may have connections from before they were redirected. */
  public Set<Scope> open() {
    Set<Scope> scopes = new HashSet<>();
    workloads.values().stream()
        .filter(part -> !part.closed())
        .forEach(part -> part.capture().ifPresent(each -> scopes.add(each.scope())));
    return scopes;
  }

  /** The ports to which others connect: inbound ones of proxies, and what SPIRE serves. */
  public SortedSet<Port> inboundPorts() {
    TreeSet<Port> ports = new TreeSet<>();
    host.ifPresent(part -> ports.addAll(part.served()));
    workloads.values().forEach(part -> ports.add(part.ports().inbound()));
    return ports;
  }

  /** The cluster that is told of the workloads. */
  public Optional<ClusterPart> cluster() {
    return host.flatMap(HostPart::cluster);
  }

  /** The resources of all workloads. */
  public SortedSet<ResourceName> resources() {
    TreeSet<ResourceName> resources = new TreeSet<>();
    workloads
        .values()
        .forEach(part -> part.enlistment().ifPresent(each -> resources.add(each.resource())));
    return resources;
  }

  /** Every path that is wanted, so that a look at files covers them. */
  public SortedSet<Path> paths() {
    TreeSet<Path> paths = new TreeSet<>();
    host.ifPresent(part -> {
      part.chosenPorts().ifPresent(file -> paths.add(file.path()));
      switch (part.identity()) {
        case Identity.Managed managed -> {
          managed.files().forEach(file -> paths.add(file.path()));
          managed
              .demo()
              .ifPresent(demo -> {
                demo.files().forEach(file -> paths.add(file.path()));
                demo.token().ifPresent(paths::add);
              });
        }
        case Identity.External _ -> {}
      }
    });
    workloads.values().forEach(part -> part.files().forEach(file -> paths.add(file.path())));
    return paths;
  }

  /** Every SVID that is to be followed. */
  public SortedMap<String, SvidQuery> svidQueries() {
    TreeMap<String, SvidQuery> queries = new TreeMap<>();
    host.ifPresent(part -> {
      switch (part.identity()) {
        case Identity.Managed managed ->
            queries.put(Identities.AGENT, new SvidQuery.Own(managed.self()));
        case Identity.External _ -> {}
      }
    });
    workloads.forEach((name, part) -> {
      part.svid().ifPresent(query -> queries.put(name.text(), query));
      part.ownSvid().ifPresent(own -> queries.put(own.key(), own.query()));
    });
    return queries;
  }
}
