// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.firewall.Backend;
import io.meshx.agent.health.Probe;
import io.meshx.agent.model.Capability;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Signal;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.spire.NodeAttestor;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The whole configuration: {@code agent.toml}, {@code conf.d/*.toml} and {@code workloads/*.toml}.
 * Everything has a value; what the user left out is derived or has its default.
 *
 * @param given digest of what the user wrote outside the workloads' files and that units of ours
 *     come from, without defaults, and of the trust anchors
 * @param chosenPorts what is to be remembered of ports that the user left to us; empty if none were
 * @param workloads the workloads by name
 */
public record AgentConfig(
    Mesh mesh,
    Host host,
    Spire spire,
    Optional<Network> network,
    Components components,
    Metrics metrics,
    PacketFilter packetFilter,
    Optional<Kubernetes> kubernetes,
    Digest given,
    Optional<ChosenPorts> chosenPorts,
    SortedMap<WorkloadName, Workload> workloads) {
  /** Keeps a copy. */
  public AgentConfig {
    workloads = Collections.unmodifiableSortedMap(new TreeMap<>(workloads));
  }

  /** The same agent with other workloads. */
  public AgentConfig with(SortedMap<WorkloadName, Workload> others) {
    return with(chosenPorts, others);
  }

  /** The same with what is to be remembered of the choice of ports. */
  AgentConfig remembering(ChosenPorts chosen) {
    return with(Optional.of(chosen), workloads);
  }

  private AgentConfig with(Optional<ChosenPorts> chosen, SortedMap<WorkloadName, Workload> others) {
    return new AgentConfig(
        mesh,
        host,
        spire,
        network,
        components,
        metrics,
        packetFilter,
        kubernetes,
        given,
        chosen,
        others);
  }

  /**
   * What keeps the ports that were chosen for proxies, so that they are the same the next time.
   *
   * @param file where it is read
   * @param text what it has to say
   */
  public record ChosenPorts(Path file, String text) {}

  /**
   * The mesh that the host joins.
   *
   * @param trustDomain trust domain of the SPIFFE IDs
   * @param trustAnchors PEM certificates of the mesh's root, read from the file that the user named
   * @param trustAnchorsFile where they were read
   * @param anchorsFromBundle whether proxies trust SPIRE's trust bundle instead of them
   * @param clusterDomain domain of the cluster's Services
   * @param networks networks inside which the proxy asks for profiles of addresses
   * @param destination address of Linkerd's destination service
   * @param destinationName its TLS name
   * @param policy address of Linkerd's policy service
   * @param policyName its TLS name
   */
  public record Mesh(
      TrustDomain trustDomain,
      String trustAnchors,
      Path trustAnchorsFile,
      boolean anchorsFromBundle,
      DnsName clusterDomain,
      List<Cidr> networks,
      HostPort destination,
      DnsName destinationName,
      HostPort policy,
      DnsName policyName) {}

  /**
   * This host.
   *
   * @param name name for people, and part of the agent's own SPIFFE ID
   * @param addresses addresses under which peers reach the workloads; at least one
   */
  public record Host(WorkloadName name, List<IpAddress> addresses) {}

  /** Where identities come from. */
  public sealed interface Spire {
    /**
     * A SPIRE agent that we run against a server elsewhere.
     *
     * @param server the SPIRE server
     * @param trustBundleFile PEM file with the server's trust bundle; the trust anchors unless
     *     given
     * @param attestor how this host proves which one it is
     */
    record Agent(HostPort server, Path trustBundleFile, NodeAttestor attestor) implements Spire {}

    /**
     * A SPIRE agent that somebody else runs.
     *
     * @param socket path of its Workload API socket
     */
    record External(Path socket) implements Spire {}

    /**
     * A SPIRE server beside the workload, with the mesh's private key on this host. For a
     * demonstration only.
     *
     * @param trustAnchorKey PEM file with the private key of the trust anchor
     * @param svidTtl validity of each SVID
     * @param port TCP port of the server on loopback
     */
    record Demo(Path trustAnchorKey, Duration svidTtl, Port port) implements Spire {}
  }

  /**
   * The way to the cluster.
   *
   * @param podCidrs networks of the pods
   * @param podsOfNodes whether they are those of the cluster's nodes, each by way of its node,
   *     instead
   * @param serviceCidrs networks of the Services
   * @param via next hops to them; at most one for each family
   * @param dnsServers the cluster's DNS servers; none means that the host resolves the names
   *     already
   * @param dnsForwarder address that our forwarder listens on
   */
  public record Network(
      List<Cidr> podCidrs,
      boolean podsOfNodes,
      List<Cidr> serviceCidrs,
      List<IpAddress> via,
      List<IpAddress> dnsServers,
      IpAddress dnsForwarder) {}

  /**
   * The programs that we run and do not ship.
   *
   * @param spireAgent spire-agent, 1.13.3 or later
   * @param spireServer spire-server; only the demo mode runs it
   * @param proxy linkerd2-proxy
   */
  public record Components(Path spireAgent, Path spireServer, Path proxy) {}

  /**
   * The agent's own metrics.
   *
   * @param port port of the endpoint on 127.0.0.1
   */
  public record Metrics(Port port) {}

  /**
   * How the host's packet filter is used.
   *
   * @param backend where redirect rules are kept; empty for nftables where the host has nft(8), and
   *     iptables elsewhere
   * @param opensPorts whether the inbound ports of the proxies are opened in firewalld
   * @param removedOnStop whether redirect rules go when the agent is stopped
   * @param confirmWithin how long a change of them is on trial; empty if it stays at once
   */
  public record PacketFilter(
      Optional<Backend> backend,
      boolean opensPorts,
      boolean removedOnStop,
      Optional<Duration> confirmWithin) {}

  /**
   * The cluster that is told of the workloads.
   *
   * @param access how it is reached
   * @param creates whether we make the resources; else we only say whether they are ready
   * @param deletes whether we delete them when a workload leaves
   * @param drainsForRestarts whether peers hear of a restart of ours before it
   * @param lease how long the cluster knows each time that this host lives; empty if it is not told
   */
  public record Kubernetes(
      ClusterAccess access,
      boolean creates,
      boolean deletes,
      boolean drainsForRestarts,
      Optional<Duration> lease) {}

  /**
   * One workload.
   *
   * @param name its name: the file's name without {@code .toml}
   * @param file where it is configured
   * @param namespace its Kubernetes namespace
   * @param id its SPIFFE ID, and its proxy's
   * @param serverName TLS server name of its proxy
   * @param process what runs
   * @param ports the ports that it serves
   * @param probes how it is found out whether it serves
   * @param proxy its proxy
   * @param intercept what of its traffic goes through the proxy
   * @param svid how it gets an SVID of its own, if it does
   * @param registration how the cluster knows it
   * @param given digest of what the user wrote in the file, without defaults
   */
  public record Workload(
      WorkloadName name,
      Path file,
      WorkloadName namespace,
      SpiffeId id,
      DnsName serverName,
      WorkloadProcess process,
      List<ServedPort> ports,
      List<Probe> probes,
      Proxy proxy,
      Intercept intercept,
      Optional<SvidFiles> svid,
      Registration registration,
      Given given) {
    /** The user that it runs as, if it is a process of ours. */
    public Optional<UserName> user() {
      return process instanceof WorkloadProcess.Ours ours
          ? Optional.of(ours.user())
          : Optional.empty();
    }

    /** The unit that it runs in. */
    public UnitName unit() {
      return switch (process) {
        case WorkloadProcess.Ours _ -> OurUnits.workload(name);
        case WorkloadProcess.Foreign foreign -> foreign.unit();
      };
    }

    /** Whether its traffic waits, instead of going directly, while its proxy is not ready. */
    public boolean closed() {
      return intercept.closed();
    }
  }

  /**
   * How the cluster knows a workload.
   *
   * @param name name of its ExternalWorkload
   * @param labels by which Services choose it
   * @param annotations what Linkerd is told besides
   */
  public record Registration(
      WorkloadName name, SortedMap<String, String> labels, SortedMap<String, String> annotations) {}

  /**
   * An SVID for a workload itself, in files.
   *
   * @param directory where it finds them
   * @param owner who may read them
   * @param keyMode permission bits of those with the private key
   * @param onRenewal what tells it of a new one
   */
  public record SvidFiles(Path directory, UserName owner, int keyMode, OnRenewal onRenewal) {}

  /** What tells a running workload that its SVID was renewed. */
  public sealed interface OnRenewal {
    /** Nobody does. */
    record Nothing() implements OnRenewal {}

    /** A reload as its unit defines it. */
    record Reload() implements OnRenewal {}

    /** A signal to its main process. */
    record Send(Signal signal) implements OnRenewal {}

    /** A program and its arguments. */
    record Command(List<String> argv) implements OnRenewal {
      /** Keeps a copy. */
      public Command {
        argv = List.copyOf(argv);
      }
    }
  }

  /**
   * What of a workload's traffic goes through the proxy.
   *
   * @param closed whether it waits, instead of going directly, while the proxy is not ready
   * @param inboundOpen whether what comes in goes directly then; always so if it is not closed
   * @param wholeHost whether everybody else's connections on the host go through it too
   * @param rejectQuic whether UDP to port 443 is refused
   * @param direct what goes past it
   */
  public record Intercept(
      boolean closed, boolean inboundOpen, boolean wholeHost, boolean rejectQuic, Direct direct) {}

  /** What runs. */
  public sealed interface WorkloadProcess {
    /** Variables besides the three of the contract. */
    SortedMap<String, String> environment();

    /**
     * A process of ours.
     *
     * @param exec program and arguments
     * @param user user that it runs as; never root
     * @param groups groups besides the user's own
     * @param workingDirectory absolute
     * @param environment variables besides the three of the contract
     * @param environmentFiles files with more variables
     * @param credentials names, and the files that they are read from
     * @param start how it starts, and how often
     * @param stop how it ends
     * @param limits what it may use
     * @param sandbox what it may see and do
     */
    record Ours(
        List<String> exec,
        UserName user,
        List<UserName> groups,
        Path workingDirectory,
        SortedMap<String, String> environment,
        List<Path> environmentFiles,
        SortedMap<String, Path> credentials,
        Start start,
        Stop stop,
        Limits limits,
        Sandbox sandbox)
        implements WorkloadProcess {
      /** What must be there when it starts, and the key that names it. */
      public SortedMap<Path, String> needed() {
        TreeMap<Path, String> needed = new TreeMap<>();
        environmentFiles.forEach(path -> needed.put(path, "process.environment_files"));
        credentials.values().forEach(path -> needed.put(path, "process.credentials"));
        sandbox.writablePaths().forEach(path -> needed.put(path, "sandbox.writable_paths"));
        return needed;
      }
    }

    /**
     * A service of somebody else.
     *
     * @param unit its name
     * @param restarts whether it may be restarted to join and to leave
     * @param environment variables besides the three of the contract
     */
    record Foreign(UnitName unit, boolean restarts, SortedMap<String, String> environment)
        implements WorkloadProcess {}
  }

  /**
   * How a process of ours starts.
   *
   * @param type {@code exec} or {@code notify}
   * @param timeout time to say that it has started
   * @param restart {@code no}, {@code on-failure} or {@code always}
   * @param restartDelay time before a restart
   * @param limit starts within the interval after which it is given up; 0 for never
   * @param limitInterval what they are counted in
   */
  public record Start(
      String type,
      Duration timeout,
      String restart,
      Duration restartDelay,
      int limit,
      Duration limitInterval) {}

  /**
   * How a process of ours ends.
   *
   * @param signal what asks it to
   * @param timeout time until SIGKILL
   */
  public record Stop(Signal signal, Duration timeout) {}

  /**
   * What a process of ours may use; what is empty has no limit of ours.
   *
   * @param memory bytes
   * @param cpuPercent percent of one processor
   * @param tasks processes and threads
   * @param openFiles open files of each process
   */
  public record Limits(
      Optional<Long> memory,
      Optional<Integer> cpuPercent,
      Optional<Integer> tasks,
      Optional<Integer> openFiles) {}

  /**
   * What a process of ours may see and do.
   *
   * @param protectSystem systemd's word
   * @param writablePaths what it may write to in spite of that
   * @param protectHome systemd's word
   * @param privateTmp whether its /tmp is its own
   * @param privateDevices whether it sees no real devices
   * @param protectKernel whether the kernel's settings are out of its reach
   * @param restrictSuid whether it cannot make files with the set-user-ID bit
   * @param denyWriteExecute whether memory cannot be written and executed
   * @param capabilities those that it has
   */
  public record Sandbox(
      String protectSystem,
      List<Path> writablePaths,
      String protectHome,
      boolean privateTmp,
      boolean privateDevices,
      boolean protectKernel,
      boolean restrictSuid,
      boolean denyWriteExecute,
      List<Capability> capabilities) {}

  /**
   * A port that the workload serves.
   *
   * @param name its name, as a Kubernetes port name
   * @param port the port
   */
  public record ServedPort(WorkloadName name, Port port) {}

  /**
   * The workload's proxy.
   *
   * @param inbound inbound port, on all addresses
   * @param outbound outbound port, on loopback
   * @param admin admin port, on loopback
   * @param log filter of its log
   * @param inboundPolicy policy in force until the control plane answers
   * @param shutdownGrace time for requests in flight when it stops
   * @param opaquePorts ports on which the server speaks first
   */
  public record Proxy(
      Port inbound,
      Port outbound,
      Port admin,
      String log,
      String inboundPolicy,
      Duration shutdownGrace,
      List<Port> opaquePorts) {}

  /**
   * Digests of what the user wrote for a workload.
   *
   * @param process of all that the workload's own unit comes from
   * @param proxy of all that the proxy's unit comes from
   */
  public record Given(Digest process, Digest proxy) {}
}
