// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.dns.Forwarder;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.filter.Passage;
import io.meshx.agent.firewall.Backend;
import io.meshx.agent.firewall.Capture;
import io.meshx.agent.firewall.HostCapture;
import io.meshx.agent.firewall.NftTable;
import io.meshx.agent.health.Confinement;
import io.meshx.agent.host.Facts;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.Signal;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.probe.RedirectProbe;
import io.meshx.agent.process.DropIn;
import io.meshx.agent.process.RenewalHook;
import io.meshx.agent.process.WorkloadUnit;
import io.meshx.agent.proxy.ProxyUnit;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.NodeNetwork;
import io.meshx.agent.registry.NodesState;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ServedAt;
import io.meshx.agent.route.Route;
import io.meshx.agent.spire.NodeAttestor;
import io.meshx.agent.spire.SpirePaths;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a configuration wants of a host.
 *
 * @param config the configuration
 * @param spirePaths where SPIRE's files and sockets are
 * @param probeProgram what the redirect probe runs
 * @param filterDirectory where the kernel keeps packet filters under their names
 * @param drained a file that is there while peers are to choose no workload of this host
 */
public record MeshBlueprint(
    AgentConfig config,
    SpirePaths spirePaths,
    RedirectProbe.Program probeProgram,
    Path filterDirectory,
    Path drained)
    implements Blueprint {
  private static final UserName ROOT = new UserName("root");
  private static final Port DNS = new Port(53);

  @Override
  public Facts.Questions questions() {
    TreeSet<UserName> users = new TreeSet<>(List.of(ProxyUnit.USER, SpirePaths.USER));
    config
        .workloads()
        .values()
        .forEach(workload -> {
          workload.user().ifPresent(users::add);
          workload.svid().ifPresent(svid -> users.add(svid.owner()));
        });
    TreeSet<Path> files = new TreeSet<>(List.of(drained));
    config.workloads().values().forEach(workload -> files.addAll(needed(workload).keySet()));
    TreeSet<Path> versions = new TreeSet<>();
    switch (config.spire()) {
      case AgentConfig.Spire.Agent agent -> {
        versions.add(config.components().spireAgent());
        files.addAll(agent.attestor().files().values());
        if (agent.attestor() instanceof NodeAttestor.JoinToken(Path file)) {
          files.add(file);
        }
      }
      case AgentConfig.Spire.External external -> files.add(external.socket());
      case AgentConfig.Spire.Demo _ -> versions.add(config.components().spireAgent());
    }
    TreeSet<Path> executables = new TreeSet<>(programs().keySet());
    executables.add(NftTable.PROGRAM);
    return new Facts.Questions(users, executables, versions, files, spirePaths.agentData());
  }

  /** The programs that are needed, and the key that names each. */
  private TreeMap<Path, String> programs() {
    TreeMap<Path, String> programs = new TreeMap<>();
    programs.put(config.components().proxy(), "components.proxy");
    programs.put(config.components().spireAgent(), "components.spire_agent");
    if (config.spire() instanceof AgentConfig.Spire.Demo) {
      programs.put(config.components().spireServer(), "components.spire_server");
    }
    return programs;
  }

  @Override
  public Desired desired(HostFacts facts, Optional<TrustBundle> bundle, NodesState nodes) {
    TreeMap<WorkloadName, Desired.WorkloadPart> workloads = new TreeMap<>();
    config
        .workloads()
        .forEach((name, workload) ->
            workloads.put(name, workloadPart(workload, facts, anchors(bundle))));
    return new Desired(Optional.of(hostPart(facts, bundle, nodes)), workloads);
  }

  private Desired.HostPart hostPart(
      HostFacts facts, Optional<TrustBundle> bundle, NodesState nodes) {
    List<String> lacking = new ArrayList<>();
    programs()
        .forEach((path, key) -> {
          if (!facts.executables().contains(path)) {
            lacking.add("an executable file '" + path + "': install it there or set " + key);
          }
          String who = facts.replaceable().get(path);
          if (who != null) {
            lacking.add(
                "a program that only root can change: '"
                    + path
                    + "' "
                    + who
                    + ", or set "
                    + key
                    + " to another");
          }
        });
    spire(facts).lacking().ifPresent(lacking::add);
    TreeSet<Integer> exempt = new TreeSet<>();
    for (UserName user : List.of(ProxyUnit.USER, SpirePaths.USER)) {
      Integer uid = facts.uids().get(user);
      if (uid == null) {
        lacking.add("the user '" + user + "': run 'systemd-sysusers meshx-agent.conf'");
      } else {
        exempt.add(uid);
      }
    }
    Backend backend = backend(facts);
    if (backend == Backend.NFTABLES && !facts.executables().contains(NftTable.PROGRAM)) {
      lacking.add(
          "the program '"
              + NftTable.PROGRAM
              + "': install the package nftables or set firewall.backend");
    }
    return new Desired.HostPart(
        lacking,
        routes(nodes),
        dns(),
        spire(facts).identity(),
        exempt,
        backend,
        config.packetFilter().opensPorts(),
        config.packetFilter().confirmWithin(),
        config.chosenPorts().map(chosen -> HostFile.file(chosen.file(), ROOT, 0644, chosen.text())),
        served(),
        cluster(config, facts.files().containsKey(drained)),
        Stream.concat(
                bundle.map(this::rootWarnings).orElse(List.of()).stream(),
                unreachable(nodes).stream())
            .toList());
  }

  private SortedSet<Port> served() {
    TreeSet<Port> served = new TreeSet<>();
    if (config.spire() instanceof AgentConfig.Spire.Agent agent
        && agent.attestor() instanceof NodeAttestor.HttpChallenge challenge) {
      served.add(challenge.port());
    }
    return served;
  }

  private SpireBlueprint spire(HostFacts facts) {
    return new SpireBlueprint(config, spirePaths, facts);
  }

  /**
   * The roots that proxies trust. While SPIRE says nothing that may be others, and no proxy is
   * started or stopped: each waits for the agent's own SVID, with which the bundle comes.
   */
  private String anchors(Optional<TrustBundle> bundle) {
    return config.mesh().anchorsFromBundle()
        ? bundle.map(TrustBundle::pem).orElse(config.mesh().trustAnchors())
        : config.mesh().trustAnchors();
  }

  private List<String> rootWarnings(TrustBundle bundle) {
    if (config.mesh().anchorsFromBundle()) {
      return List.of();
    }
    TrustBundle anchors = TrustBundle.of(config.mesh().trustAnchors());
    List<String> warnings = new ArrayList<>();
    for (TrustBundle.Root root : bundle.without(anchors)) {
      warnings.add(
          "SPIRE's trust bundle has the root "
              + root
              + ", which is not among the trust anchors: the proxies refuse peers whose SVIDs come"
              + " from it; add it to '"
              + config.mesh().trustAnchorsFile()
              + "', or set mesh.trust_anchors_from to \"bundle\"");
    }
    for (TrustBundle.Root root : anchors.without(bundle)) {
      warnings.add(
          "the trust anchor "
              + root
              + " is not in SPIRE's trust bundle: no SVID comes from it any more; when no peer's"
              + " does, take it out of '"
              + config.mesh().trustAnchorsFile()
              + "'");
    }
    return warnings;
  }

  private Backend backend(HostFacts facts) {
    return config
        .packetFilter()
        .backend()
        .orElse(
            facts.executables().contains(NftTable.PROGRAM) ? Backend.NFTABLES : Backend.IPTABLES);
  }

  private Desired.RoutesPart routes(NodesState nodes) {
    TreeSet<Route> routes = new TreeSet<>();
    Optional<String> waitsFor = Optional.empty();
    if (config.network().isPresent()) {
      AgentConfig.Network network = config.network().get();
      Stream.concat(network.podCidrs().stream(), network.serviceCidrs().stream())
          .forEach(cidr -> routes.add(new Route(cidr, via(network, cidr.family()))));
      if (network.podsOfNodes()) {
        switch (nodes) {
          case NodesState.Known known -> routes.addAll(toPods(known));
          case NodesState.Unfollowed _ ->
              waitsFor = Optional.of(Observations.FIRST_LOOK + "the cluster's nodes");
          case NodesState.Unknown(String why) ->
              waitsFor = Optional.of("the Kubernetes API, which nodes there are: " + why);
        }
      }
    }
    return new Desired.RoutesPart(routes, waitsFor);
  }

  private static SortedSet<Route> toPods(NodesState.Known known) {
    TreeSet<Route> routes = new TreeSet<>();
    TreeSet<Cidr> taken = new TreeSet<>();
    for (NodeNetwork node : known.nodes().values()) {
      for (Cidr pods : node.pods()) {
        hop(node, pods.family())
            .filter(_ -> taken.add(pods))
            .ifPresent(hop -> routes.add(new Route(pods, hop)));
      }
    }
    return routes;
  }

  private static Optional<IpAddress> hop(NodeNetwork node, IpFamily family) {
    return node.addresses().stream().filter(address -> address.family() == family).findFirst();
  }

  private static List<String> unreachable(NodesState nodes) {
    List<String> warnings = new ArrayList<>();
    if (nodes instanceof NodesState.Known(SortedMap<String, NodeNetwork> all)) {
      all.forEach((name, node) -> {
        for (Cidr pods : node.pods()) {
          if (hop(node, pods.family()).isEmpty()) {
            warnings.add(
                "the pods "
                    + pods
                    + " of node "
                    + name
                    + " have no route: the node has no InternalIP of that family");
          }
        }
      });
    }
    return warnings;
  }

  private static IpAddress via(AgentConfig.Network network, IpFamily family) {
    for (IpAddress via : network.via()) {
      if (via.family() == family) {
        return via;
      }
    }
    throw new IllegalStateException("the configuration was read without a next hop for " + family);
  }

  private Optional<Desired.DnsPart> dns() {
    return config
        .network()
        .filter(network -> !network.dnsServers().isEmpty())
        .map(network -> {
          DnsView view = new DnsView(network.dnsForwarder(), config.mesh().clusterDomain());
          return new Desired.DnsPart(
              view, Forwarder.unit(view, network.dnsServers(), config.given()));
        });
  }

  private Desired.WorkloadPart workloadPart(
      AgentConfig.Workload workload, HostFacts facts, String anchors) {
    ProxyUnit proxy = ProxyUnit.of(config, workload, workloadApi(), anchors, facts.families());
    Optional<Scope> scope =
        switch (workload.process()) {
          case AgentConfig.WorkloadProcess.Ours ours ->
              Optional.ofNullable(facts.uids().get(ours.user())).map(Scope.User::new);
          case AgentConfig.WorkloadProcess.Foreign _ ->
              backend(facts) == Backend.NFTABLES && facts.unified()
                  ? Optional.of(new Scope.ControlGroup(OurUnits.controlGroup(workload.name())))
                  : Optional.empty();
        };
    TreeSet<Port> ports = new TreeSet<>();
    workload.ports().forEach(port -> ports.add(port.port()));
    // Also while it runs and an SSH server comes up on one of them.
    TreeSet<Port> redirected = new TreeSet<>(ports);
    redirected.removeAll(facts.sshPorts());
    AgentConfig.Intercept intercept = workload.intercept();
    List<Passage> passages =
        Passage.of(
            intercept.inboundOpen() ? intercept.direct().withInbound(ports) : intercept.direct(),
            ports);
    PacketProgram ingress = PacketProgram.of(PacketProgram.Direction.IN, passages);
    PacketProgram egress = PacketProgram.of(PacketProgram.Direction.OUT, passages);
    Optional<FilterPaths> filter =
        workload.closed()
            ? Optional.of(
                new FilterPaths(
                    filterDirectory.resolve(ingress.name()),
                    filterDirectory.resolve(egress.name())))
            : Optional.empty();
    return new Desired.WorkloadPart(
        new Lacking(facts, backend(facts)).of(workload),
        config.spire() instanceof AgentConfig.Spire.External
            ? Optional.empty()
            : spire(facts)
                .registration(workload)
                .map(entry -> new SvidQuery.Delegated(entry.id(), entry.selectors())),
        List.of(HostFile.directory(ProxyUnit.DIRECTORY, ROOT, 0700), proxy.environment()),
        proxy.unit(),
        new Desired.ProxyPorts(
            workload.proxy().inbound(), workload.proxy().outbound(), workload.proxy().admin()),
        scope.map(by ->
            new Capture(
                by,
                workload.proxy().outbound(),
                redirected,
                workload.proxy().inbound(),
                intercept.direct(),
                intercept.rejectQuic())),
        intercept.wholeHost() ? Optional.of(everybodyElse(workload, facts)) : Optional.empty(),
        workload.closed(),
        intercept.inboundOpen(),
        workload.closed() ? List.of(ingress, egress) : List.of(),
        RedirectProbe.of(workload, slice(workload), facts.families(), probeProgram, filter),
        process(workload, filter),
        missing(workload, facts),
        ownSvid(workload, facts),
        workload.probes().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Desired.HealthPart(
                    new Confinement(workload.user(), slice(workload), filter), workload.probes())),
        config.kubernetes().map(_ -> enlistment(workload)));
  }

  /**
   * The cluster that is told of a configuration's workloads.
   *
   * @param draining whether peers are to choose none of them
   */
  public static Optional<Desired.ClusterPart> cluster(AgentConfig config, boolean draining) {
    return config
        .kubernetes()
        .map(each ->
            new Desired.ClusterPart(
                each.access(),
                each.creates(),
                each.deletes(),
                each.drainsForRestarts(),
                config.network().filter(AgentConfig.Network::podsOfNodes).isPresent(),
                each.lease(),
                draining));
  }

  private Desired.Enlistment enlistment(AgentConfig.Workload workload) {
    TreeSet<ServedAt> ports = new TreeSet<>();
    workload.ports().forEach(port -> ports.add(new ServedAt(port.name().text(), port.port())));
    ports.add(new ServedAt(ExternalWorkload.PROXY_PORT, workload.proxy().inbound()));
    // The first of each family, and no more than that, is what Linkerd takes.
    Map<IpFamily, IpAddress> addresses = new LinkedHashMap<>();
    config.host().addresses().forEach(each -> addresses.putIfAbsent(each.family(), each));
    AgentConfig.Registration registration = workload.registration();
    TreeMap<String, String> annotations = new TreeMap<>(registration.annotations());
    // A label that is left out again is seen by this: others may add their own.
    annotations.put(
        ExternalWorkload.APPLIED,
        Digest.of(registration.labels() + " " + registration.annotations()).hex());
    return new Desired.Enlistment(
        new ResourceName(workload.namespace(), registration.name()),
        new ExternalWorkload(
            workload.id(),
            workload.serverName(),
            List.copyOf(addresses.values()),
            ports,
            registration.labels(),
            annotations));
  }

  private static SortedMap<Path, String> needed(AgentConfig.Workload workload) {
    return switch (workload.process()) {
      case AgentConfig.WorkloadProcess.Ours ours -> ours.needed();
      case AgentConfig.WorkloadProcess.Foreign _ -> new TreeMap<>();
    };
  }

  private static List<String> missing(AgentConfig.Workload workload, HostFacts facts) {
    List<String> missing = new ArrayList<>();
    needed(workload)
        .forEach((path, key) -> {
          if (!facts.files().containsKey(path)) {
            missing.add(
                "'"
                    + path
                    + "', which does not exist: make it, or change "
                    + key
                    + " in '"
                    + workload.file()
                    + "'");
          }
        });
    return missing;
  }

  private Optional<Desired.SvidPart> ownSvid(AgentConfig.Workload workload, HostFacts facts) {
    return workload
        .svid()
        .flatMap(files ->
            spire(facts)
                .ownRegistration(workload)
                .map(entry ->
                    new Desired.SvidPart(
                        new Delivery(
                            workload.name(), files.directory(), files.owner(), files.keyMode()),
                        new SvidQuery.Handed(entry.id(), entry.selectors()),
                        hook(workload, files))));
  }

  private static Optional<RenewalHook> hook(
      AgentConfig.Workload workload, AgentConfig.SvidFiles files) {
    return switch (files.onRenewal()) {
      case AgentConfig.OnRenewal.Nothing _ -> Optional.empty();
      case AgentConfig.OnRenewal.Reload _ ->
          Optional.of(RenewalHook.reload(workload.name(), workload.unit()));
      case AgentConfig.OnRenewal.Send(Signal signal) ->
          Optional.of(RenewalHook.signal(workload.name(), workload.unit(), signal));
      case AgentConfig.OnRenewal.Command(List<String> argv) ->
          Optional.of(new RenewalHook(workload.name(), argv, Optional.of(files.owner())));
    };
  }

  private static UnitName slice(AgentConfig.Workload workload) {
    return switch (workload.process()) {
      case AgentConfig.WorkloadProcess.Ours _ -> OurUnits.WORKLOAD_SLICE;
      case AgentConfig.WorkloadProcess.Foreign _ -> OurUnits.slice(workload.name());
    };
  }

  private Desired.WorkloadProcess process(
      AgentConfig.Workload workload, Optional<FilterPaths> filter) {
    return switch (workload.process()) {
      case AgentConfig.WorkloadProcess.Ours ours ->
          new Desired.WorkloadProcess.Ours(WorkloadUnit.of(config, workload, ours, filter));
      case AgentConfig.WorkloadProcess.Foreign foreign ->
          new Desired.WorkloadProcess.Foreign(
              foreign.unit(),
              OurUnits.slice(workload.name()),
              DropIn.of(config, workload, foreign, filter),
              foreign.restarts());
    };
  }

  private HostCapture everybodyElse(AgentConfig.Workload workload, HostFacts facts) {
    TreeSet<Integer> users = new TreeSet<>(List.of(0));
    for (AgentConfig.Workload other : config.workloads().values()) {
      other.user().map(user -> facts.uids().get(user)).ifPresent(users::add);
    }
    TreeSet<PortRange> ports = new TreeSet<>(workload.intercept().direct().toPorts());
    ports.add(PortRange.of(DNS));
    switch (config.spire()) {
      case AgentConfig.Spire.Agent agent -> ports.add(PortRange.of(agent.server().port()));
      case AgentConfig.Spire.Demo _, AgentConfig.Spire.External _ -> {}
    }
    config
        .kubernetes()
        .ifPresent(api -> ports.add(PortRange.of(api.access().api().server().port())));
    return new HostCapture(
        workload.name(),
        workload.proxy().outbound(),
        users,
        Direct.outgoing(ports, workload.intercept().direct().toNetworks()));
  }

  private Path workloadApi() {
    return config.spire() instanceof AgentConfig.Spire.External external
        ? external.socket()
        : spirePaths.publicSocket();
  }
}
