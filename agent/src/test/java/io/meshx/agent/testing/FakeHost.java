// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.host.Attestation;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.host.LegacyTables;
import io.meshx.agent.identity.Freshness;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.probe.Connect;
import io.meshx.agent.proxy.ProxyEndpoint;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.reconcile.HostPorts;
import io.meshx.agent.spire.AgentHealth;
import io.meshx.agent.spire.SpireAgent;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A host in memory, all ports of it. It behaves like one on which everything that the agent does
 * not control goes well, unless a test says otherwise.
 */
public final class FakeHost {
  /** End of validity of every SVID and certificate. */
  public static final Instant EXPIRY = Instant.parse("2027-01-01T01:00:00Z");

  private final TreeMap<UserName, Integer> uids = new TreeMap<>();
  private final Set<Path> missing = new HashSet<>();
  private final Set<String> noSvid = new HashSet<>();
  private final Map<UnitName, ProxyHealth> health = new HashMap<>();
  private final Set<UnitName> read = new HashSet<>();
  private final Map<UnitName, List<String>> logs = new HashMap<>();
  private final Map<Path, Instant> changed = new HashMap<>();
  private boolean attested;
  private boolean refused;

  /** Units. */
  public final FakeUnits units = new FakeUnits();

  /** Services of packages. */
  public final FakeForeignUnits foreignUnits = new FakeForeignUnits();

  /** The resolver. */
  public final FakeDns dns = new FakeDns();

  /** Files; the directories that packages and systemd make are there. */
  public final FakeFiles files =
      new FakeFiles(
          List.of(Path.of("/run/meshx-agent/proxy")),
          Set.of(Path.of("/run/meshx-agent"), Path.of("/var/lib/meshx-agent")));

  /** Routes; next hops in 192.0.2.0/24 are reachable. */
  public final FakeRoutes routes = new FakeRoutes(Set.of(Cidr.parse("192.0.2.0/24")));

  /** The packet filter. */
  public final FakeFirewall firewall = new FakeFirewall(EnumSet.of(IpFamily.V4, IpFamily.V6));

  /** Packet filters of units. */
  public final FakeFilters filters = new FakeFilters();

  /** The firewall of somebody else; none unless said otherwise. */
  public final FakeInlets inlets = new FakeInlets();

  /** What is remembered of trials. */
  public final FakeTrials trials = new FakeTrials();

  /** What the kernel remembers of connections. */
  public final FakeConnections connections = new FakeConnections();

  /** Who tells of changes to the packet filter. */
  public final FakeRuleWatch ruleWatch = new FakeRuleWatch();

  /** The SPIRE server of mode demo. */
  public final FakeRegistrar registrar = new FakeRegistrar();

  /** SVIDs. */
  public final FakeIdentities identities = new FakeIdentities();

  /** Files with SVIDs. */
  public final FakeDeliveries deliveries = new FakeDeliveries();

  /** Probes of workloads; they pass unless said otherwise. */
  public final FakeHealth probes = new FakeHealth();

  /** The cluster. */
  public final FakeRegistry registry = new FakeRegistry();

  private List<IpAddress> nameservers = List.of(IpAddress.parse("127.0.0.53"));
  private final Map<String, String> serials = new HashMap<>();
  private final Map<String, Freshness> freshness = new HashMap<>();
  private Optional<TrustBundle> bundle = Optional.empty();
  private AgentHealth report = new AgentHealth.Silent();
  private Optional<String> version = Optional.of("1.15.3");
  private final TreeMap<Path, String> replaceable = new TreeMap<>();
  private boolean unified = true;
  private LegacyTables legacy = LegacyTables.NONE;
  private final TreeSet<Port> sshPorts = new TreeSet<>(Set.of(new Port(22)));

  /** A host with our users and a user for each workload. */
  public FakeHost(String... workloads) {
    missing.add(Story.DRAINED);
    uids.put(new UserName("meshx-proxy"), 990);
    uids.put(new UserName("meshx-spire"), 991);
    int uid = 1001;
    for (String workload : workloads) {
      uids.put(new UserName(workload), uid++);
      WorkloadName name = new WorkloadName(workload);
      units.starts(
          OurUnits.probe(name),
          () ->
              new FakeUnits.Start.EndsWell(
                  firewall.observe().captured().contains(name) ? 0 : Connect.NO_REDIRECT));
    }
  }

  /** Has the host use, or only have, tables of iptables-legacy. */
  public FakeHost legacy(LegacyTables tables) {
    legacy = tables;
    return this;
  }

  /** Has programs ask other DNS servers than the one on the host. */
  public FakeHost nameservers(String... addresses) {
    nameservers = Stream.of(addresses).map(IpAddress::parse).toList();
    return this;
  }

  /** Has control groups of version 1 too. */
  public FakeHost hybrid() {
    unified = false;
    return this;
  }

  /** Takes a user away. */
  public FakeHost withoutUser(String user) {
    uids.remove(new UserName(user));
    return this;
  }

  /** Takes a program or file away, or gives it back. */
  public FakeHost missing(String path, boolean gone) {
    if (gone) {
      missing.add(Path.of(path));
    } else {
      missing.remove(Path.of(path));
    }
    return this;
  }

  /** Changes a file, such as a join token. */
  public FakeHost change(String path, Instant at) {
    changed.put(Path.of(path), at);
    files.put(HostFile.file(Path.of(path), new UserName("root"), 0600, at.toString()));
    return this;
  }

  /** Has the SPIRE server refuse the SPIRE agent, or accept it. */
  public FakeHost refuseSpireAgent(boolean refuse) {
    refused = refuse;
    return this;
  }

  /** Has SPIRE issue nothing for a key, or issue it again. */
  public FakeHost noSvid(String key, boolean none) {
    if (none) {
      noSvid.add(key);
    } else {
      noSvid.remove(key);
    }
    return this;
  }

  /** Says how a proxy is; it is ready unless said otherwise. */
  public FakeHost proxy(String workload, ProxyHealth how) {
    health.put(OurUnits.proxy(new WorkloadName(workload)), how);
    return this;
  }

  /** Whose part of the journal was read. */
  public Set<UnitName> read() {
    return read;
  }

  /** Says what a unit wrote to the journal. */
  public FakeHost log(UnitName unit, String... lines) {
    logs.put(unit, List.of(lines));
    return this;
  }

  /** A reboot: what only the kernel and /run held is gone; what is on disk stays. */
  public void reboot() {
    units.reboot();
    foreignUnits.reboot();
    dns.clear();
    files.wipe();
    routes.wipe();
    firewall.wipe();
    filters.wipe();
    deliveries.wipe();
    trials.reboot();
  }

  /** What happens by itself: SPIRE issues SVIDs while its agent runs. */
  public void live() {
    boolean running =
        units.activity(OurUnits.SPIRE_AGENT).filter(Activity.Running.class::isInstance).isPresent();
    attested |= running && !refused;
    Map<String, SvidQuery> queries = identities.queries();
    for (Map.Entry<String, SvidQuery> query : queries.entrySet()) {
      identities.set(query.getKey(), svid(running, query.getKey(), query.getValue()));
    }
  }

  private SvidState svid(boolean running, String key, SvidQuery query) {
    if (!running || !attested) {
      return new SvidState.Unreachable("socket '/run/spire/api.sock' does not exist");
    }
    if (noSvid.contains(key)) {
      return new SvidState.None("no identity issued");
    }
    if (!key.equals(Identities.AGENT) && noSvid.contains(Identities.AGENT)) {
      return new SvidState.Unreachable("the agent has no SVID of its own to ask with");
    }
    return new SvidState.Issued(
        query.expected(),
        serials.getOrDefault(key, "0a"),
        EXPIRY.minusSeconds(3600),
        EXPIRY,
        EXPIRY,
        0,
        freshness.getOrDefault(key, Freshness.FRESH),
        key.equals(Identities.AGENT) ? bundle : Optional.empty());
  }

  /** Has an SVID near the end of its validity, or fresh again. */
  public FakeHost freshness(String key, Freshness fresh) {
    freshness.put(key, fresh);
    return this;
  }

  /** Has SPIRE renew an SVID. */
  public FakeHost serial(String key, String serial) {
    serials.put(key, serial);
    return this;
  }

  /** Has SPIRE give out a trust bundle. */
  public FakeHost bundle(TrustBundle given) {
    bundle = Optional.of(given);
    return this;
  }

  /** What the SPIRE agent says of itself; nothing before. */
  public FakeHost report(AgentHealth says) {
    report = says;
    return this;
  }

  /** Has programs say another version than 1.15.3, or none. */
  public FakeHost version(Optional<String> said) {
    version = said;
    return this;
  }

  /** Has somebody else than root able to change a program. */
  public FakeHost replaceable(Path program, String who) {
    replaceable.put(program, who);
    return this;
  }

  /** Takes that back. */
  public void changedByRootOnly(Path program) {
    replaceable.remove(program);
  }

  /** All ports. */
  public HostPorts ports() {
    return new HostPorts(
        ask -> {
          TreeMap<UserName, Integer> known = new TreeMap<>(uids);
          known.keySet().retainAll(ask.users());
          TreeMap<Path, String> said = new TreeMap<>();
          ask.versions().forEach(program -> version.ifPresent(text -> said.put(program, text)));
          return new HostFacts(
              known,
              new TreeSet<>(EnumSet.of(IpFamily.V4, IpFamily.V6)),
              present(ask.executables()),
              replaceable,
              said,
              files(ask.files()),
              sshPorts,
              legacy,
              nameservers,
              unified,
              attested ? new Attestation.Valid() : new Attestation.None());
        },
        files,
        routes,
        dns,
        units,
        foreignUnits,
        (unit, _) -> {
          read.add(unit);
          return logs.getOrDefault(unit, List.of());
        },
        firewall,
        ruleWatch,
        trials,
        connections,
        filters,
        inlets,
        registrar,
        new SpireAgent() {
          @Override
          public AgentHealth observe() {
            return report;
          }

          @Override
          public void close() {}
        },
        identities,
        deliveries,
        this::look,
        probes,
        registry);
  }

  private SortedSet<Path> present(Set<Path> asked) {
    TreeSet<Path> present = new TreeSet<>(asked);
    present.removeAll(missing);
    present.removeAll(files.removed());
    return present;
  }

  private SortedMap<Path, Instant> files(Set<Path> asked) {
    TreeMap<Path, Instant> there = new TreeMap<>();
    present(asked).forEach(path -> there.put(path, changed.getOrDefault(path, Instant.EPOCH)));
    return there;
  }

  private ProxyHealth look(ProxyEndpoint endpoint) {
    return health.getOrDefault(endpoint.unit(), new ProxyHealth.Ready("v2.366.0", EXPIRY));
  }

  /** The host as text; equal texts are equal hosts. */
  @Override
  public String toString() {
    return "units\n"
        + units
        + "dns\n"
        + dns
        + "\nroutes\n"
        + routes
        + "\nnat\n"
        + firewall
        + "\nfilters\n"
        + filters
        + "\nfiles\n"
        + files
        + deliveries
        + "\nentries\n"
        + registrar
        + "\n";
  }
}
