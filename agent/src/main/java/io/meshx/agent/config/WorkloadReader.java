// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.Given;
import io.meshx.agent.config.AgentConfig.Intercept;
import io.meshx.agent.config.AgentConfig.Limits;
import io.meshx.agent.config.AgentConfig.OnRenewal;
import io.meshx.agent.config.AgentConfig.Proxy;
import io.meshx.agent.config.AgentConfig.Registration;
import io.meshx.agent.config.AgentConfig.Sandbox;
import io.meshx.agent.config.AgentConfig.ServedPort;
import io.meshx.agent.config.AgentConfig.Start;
import io.meshx.agent.config.AgentConfig.Stop;
import io.meshx.agent.config.AgentConfig.SvidFiles;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.AgentConfig.WorkloadProcess;
import io.meshx.agent.health.Probe;
import io.meshx.agent.health.Target;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.Nobody;
import io.meshx.agent.model.PortRange;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Checks and assembles what one file below workloads/ says. */
final class WorkloadReader {
  /** What the packet filter of a closed workload is made from, which is attached at its start. */
  private static final Set<String> HELD =
      Stream.of(
              WorkloadKeys.INBOUND_ON_PROXY_DOWN,
              WorkloadKeys.SKIP_OUTBOUND_PORTS,
              WorkloadKeys.SKIP_OUTBOUND_NETWORKS,
              WorkloadKeys.ALLOW_UDP_PORTS,
              WorkloadKeys.SKIP_INBOUND_PORTS,
              WorkloadKeys.SKIP_INBOUND_NETWORKS)
          .map(Key::name)
          .collect(Collectors.toUnmodifiableSet());

  private final WorkloadName name;
  private final Path file;
  private final Path directory;
  private final Entries entries;
  private final AgentReader agent;
  private final Findings findings;

  /**
   * Fills in defaults and checks everything that does not concern other workloads.
   *
   * @param directory the one that relative paths start from
   */
  WorkloadReader(
      WorkloadName name,
      Path file,
      Path directory,
      Entries entries,
      AgentReader agent,
      Findings findings) {
    this.name = name;
    this.file = file;
    this.directory = directory;
    this.entries = entries;
    this.agent = agent;
    this.findings = findings;
    entries.complete(this::word, findings);
    checkIdentity();
    checkPolicy();
    checkFiles();
    checkFailModes();
    checkSkips();
    checkUnit();
    checkStart();
    checkSvid();
    checkProbes();
  }

  private void checkProbes() {
    if (entries.value(WorkloadKeys.UNIT).isEmpty()) {
      return;
    }
    for (Probe probe : entries.value(WorkloadKeys.PROBES).orElse(List.of())) {
      if (probe.target() instanceof Target.Exec(List<String> argv, Optional<UserName> user)
          && user.isEmpty()) {
        add(
            WorkloadKeys.PROBES,
            "'" + argv.getFirst() + "' needs user beside exec, since process.unit has many users");
      }
    }
  }

  private void checkSvid() {
    boolean foreign = entries.written(WorkloadKeys.UNIT).isPresent();
    if (entries.written(SvidKeys.DIRECTORY).isEmpty()) {
      for (Key<?> key : List.of(SvidKeys.OWNER, SvidKeys.KEY_MODE, SvidKeys.ON_RENEWAL)) {
        if (entries.written(key).isPresent() && entries.value(key).isPresent()) {
          add(key, "means nothing without svid.directory; set it, or remove this");
        }
      }
      return;
    }
    if (agent.entries().value(AgentKeys.SPIRE_MODE).equals(Optional.of(AgentKeys.MODE_EXTERNAL))) {
      add(
          SvidKeys.DIRECTORY,
          "is not possible with spire.mode \"external\": that SPIRE agent gives out no keys of others");
    }
    if (foreign && entries.written(SvidKeys.OWNER).isEmpty()) {
      add(SvidKeys.DIRECTORY, "needs svid.owner beside process.unit");
    }
    if (!foreign
        && entries.value(SvidKeys.ON_RENEWAL).orElse(new OnRenewal.Nothing())
            instanceof OnRenewal.Reload) {
      add(SvidKeys.ON_RENEWAL, "\"reload\" is for process.unit; give a signal or a program");
    }
  }

  private Optional<SvidFiles> svid() {
    return entries
        .value(SvidKeys.DIRECTORY)
        .map(place ->
            new SvidFiles(
                place,
                entries.value(SvidKeys.OWNER).orElseGet(() -> entries.sure(WorkloadKeys.USER)),
                entries.sure(SvidKeys.KEY_MODE),
                entries.sure(SvidKeys.ON_RENEWAL)));
  }

  /** What systemd is told of a process of ours is said by a unit of somebody else already. */
  private void checkUnit() {
    boolean named = entries.value(WorkloadKeys.UNIT).isPresent();
    for (Key<?> key : WorkloadKeys.OURS_ONLY) {
      if (named && entries.written(key).isPresent()) {
        add(key, "is said by process.unit; remove one of them");
      }
    }
    if (entries.written(WorkloadKeys.UNIT).isEmpty()
        && entries.written(WorkloadKeys.RESTARTS).isPresent()
        && entries.value(WorkloadKeys.RESTARTS).isPresent()) {
      add(WorkloadKeys.RESTARTS, "belongs to process.unit, which is not there");
    }
  }

  private Optional<String> word(String word) {
    if (word.startsWith("mesh.") || word.equals(AgentKeys.HOST_NAME.name())) {
      return agent.word(word);
    }
    return word.equals("name") ? Optional.of(name.text()) : entries.word(word);
  }

  private void checkIdentity() {
    entries
        .value(WorkloadKeys.SPIFFE_ID)
        .filter(id ->
            agent
                .entries()
                .value(AgentKeys.TRUST_DOMAIN)
                .filter(domain -> !domain.equals(id.trustDomain()))
                .isPresent())
        .ifPresent(id ->
            add(
                WorkloadKeys.SPIFFE_ID,
                "'"
                    + id
                    + "' is in another trust domain; allowed: spiffe://"
                    + agent.entries().sure(AgentKeys.TRUST_DOMAIN)
                    + "/PATH"));
  }

  private void checkPolicy() {
    boolean noNetworks =
        agent.entries().value(AgentKeys.NETWORKS).filter(List::isEmpty).isPresent();
    entries
        .value(WorkloadKeys.INBOUND_POLICY)
        .filter(policy -> policy.startsWith("cluster-") || policy.equals("audit"))
        .filter(policy -> noNetworks)
        .ifPresent(policy ->
            add(
                WorkloadKeys.INBOUND_POLICY,
                "'" + policy + "' needs to know the cluster's networks; set mesh.networks"));
  }

  private void checkStart() {
    if (entries.written(WorkloadKeys.START_LIMIT_INTERVAL).isPresent()
        && entries.value(WorkloadKeys.START_LIMIT_INTERVAL).isPresent()
        && entries.value(WorkloadKeys.START_LIMIT).equals(Optional.of(0))) {
      add(WorkloadKeys.START_LIMIT_INTERVAL, "counts nothing without process.start_limit; set it");
    }
    if (entries.written(WorkloadKeys.START_TIMEOUT).isPresent()
        && entries.value(WorkloadKeys.START_TIMEOUT).isPresent()
        && entries.value(WorkloadKeys.TYPE).equals(Optional.of("exec"))) {
      add(
          WorkloadKeys.START_TIMEOUT,
          "waits for nothing with process.type \"exec\"; set it to \"notify\"");
    }
  }

  /** One that is not there may come: its file system is not mounted yet, or it is made later. */
  private void checkFiles() {
    for (Path path : environmentFiles()) {
      if (Files.exists(path)) {
        SourceText.read(
            path,
            entries.place(WorkloadKeys.ENVIRONMENT_FILES),
            WorkloadKeys.ENVIRONMENT_FILES.name(),
            findings);
      }
    }
  }

  private boolean closed(Key<String> key) {
    return entries.sure(key).equals(WorkloadKeys.CLOSED);
  }

  private void checkFailModes() {
    if (entries.value(WorkloadKeys.ON_PROXY_DOWN).equals(Optional.of("open"))
        && entries.value(WorkloadKeys.INBOUND_ON_PROXY_DOWN).equals(Optional.of("closed"))) {
      add(
          WorkloadKeys.INBOUND_ON_PROXY_DOWN,
          "cannot be \"closed\" while intercept.on_proxy_down is \"open\"; set that to \"closed\" or"
              + " leave this out");
    }
  }

  private void checkSkips() {
    for (Key<List<PortRange>> key :
        List.of(WorkloadKeys.SKIP_OUTBOUND_PORTS, WorkloadKeys.ALLOW_UDP_PORTS)) {
      for (PortRange ports : entries.value(key).orElse(List.of())) {
        if (ports.contains(Nobody.PORT)) {
          add(key, "'" + ports + "' has port " + Nobody.PORT + ", by which the redirect is tried");
        }
      }
    }
    for (Key<List<Cidr>> key :
        List.of(WorkloadKeys.SKIP_OUTBOUND_NETWORKS, WorkloadKeys.SKIP_INBOUND_NETWORKS)) {
      for (Cidr network : entries.value(key).orElse(List.of())) {
        if (network.contains(Nobody.in(network.family()))) {
          add(
              key,
              "'"
                  + network
                  + "' has "
                  + Nobody.in(network.family())
                  + ", by which the redirect is tried");
        }
      }
    }
    for (ServedPort served : entries.value(WorkloadKeys.PORTS).orElse(List.of())) {
      for (PortRange ports : entries.value(WorkloadKeys.SKIP_INBOUND_PORTS).orElse(List.of())) {
        if (ports.contains(served.port())) {
          add(
              WorkloadKeys.SKIP_INBOUND_PORTS,
              "'"
                  + ports
                  + "' has "
                  + served.port()
                  + ", which is [[port]] '"
                  + served.name()
                  + "' and goes through the proxy; give each port to one of them");
        }
      }
    }
  }

  private List<Path> environmentFiles() {
    return entries.value(WorkloadKeys.ENVIRONMENT_FILES).orElse(List.of()).stream()
        .map(path -> directory.resolve(path).normalize())
        .toList();
  }

  private void add(Key<?> key, String what) {
    findings.add(entries.place(key), key.name(), what);
  }

  /** The workload's name. */
  WorkloadName name() {
    return name;
  }

  /** The values; their findings are with the findings. */
  Entries entries() {
    return entries;
  }

  /** Whether the ports of the proxy are left to the agent. */
  boolean leavesPorts() {
    return Stream.of(WorkloadKeys.INBOUND, WorkloadKeys.OUTBOUND, WorkloadKeys.ADMIN)
        .allMatch(key -> entries.written(key).isEmpty());
  }

  /**
   * The workload.
   *
   * @param ports those that were chosen for its proxy, if its file leaves them to the agent
   * @throws IllegalStateException if there were findings
   */
  Workload assemble(Optional<PortBlock> ports) {
    return new Workload(
        name,
        file,
        entries.sure(WorkloadKeys.NAMESPACE),
        entries.sure(WorkloadKeys.SPIFFE_ID),
        entries.sure(WorkloadKeys.SERVER_NAME),
        process(),
        entries.value(WorkloadKeys.PORTS).orElse(List.of()),
        entries.value(WorkloadKeys.PROBES).orElse(List.of()),
        new Proxy(
            ports.map(PortBlock::inbound).orElseGet(() -> entries.sure(WorkloadKeys.INBOUND)),
            ports.map(PortBlock::outbound).orElseGet(() -> entries.sure(WorkloadKeys.OUTBOUND)),
            ports.map(PortBlock::admin).orElseGet(() -> entries.sure(WorkloadKeys.ADMIN)),
            entries.sure(WorkloadKeys.LOG),
            entries.sure(WorkloadKeys.INBOUND_POLICY),
            entries.sure(WorkloadKeys.SHUTDOWN_GRACE),
            entries.sure(WorkloadKeys.OPAQUE_PORTS)),
        new Intercept(
            closed(WorkloadKeys.ON_PROXY_DOWN),
            !closed(WorkloadKeys.INBOUND_ON_PROXY_DOWN),
            entries.sure(WorkloadKeys.WHOLE_HOST),
            entries.sure(WorkloadKeys.REJECT_QUIC),
            new Direct(
                new TreeSet<>(entries.sure(WorkloadKeys.SKIP_OUTBOUND_PORTS)),
                new TreeSet<>(entries.sure(WorkloadKeys.SKIP_OUTBOUND_NETWORKS)),
                new TreeSet<>(entries.sure(WorkloadKeys.ALLOW_UDP_PORTS)),
                new TreeSet<>(entries.sure(WorkloadKeys.SKIP_INBOUND_PORTS)),
                new TreeSet<>(entries.sure(WorkloadKeys.SKIP_INBOUND_NETWORKS)))),
        svid(),
        new Registration(
            entries.sure(WorkloadKeys.EXTERNAL_WORKLOAD),
            entries
                .value(WorkloadKeys.LABELS)
                .orElseGet(() -> new TreeMap<>(Map.of("app", name.text()))),
            entries.value(WorkloadKeys.ANNOTATIONS).orElseGet(TreeMap::new)),
        new Given(processDigest(), proxyDigest(ports)));
  }

  private WorkloadProcess process() {
    SortedMap<String, String> environment =
        entries.value(WorkloadKeys.ENVIRONMENT).orElse(new TreeMap<>());
    Optional<UnitName> unit = entries.value(WorkloadKeys.UNIT);
    return unit.isPresent()
        ? new WorkloadProcess.Foreign(unit.get(), entries.sure(WorkloadKeys.RESTARTS), environment)
        : new WorkloadProcess.Ours(
            entries.sure(WorkloadKeys.EXEC),
            entries.sure(WorkloadKeys.USER),
            entries.sure(WorkloadKeys.GROUPS),
            entries.sure(WorkloadKeys.WORKING_DIRECTORY),
            environment,
            environmentFiles(),
            entries.value(WorkloadKeys.CREDENTIALS).orElse(new TreeMap<>()),
            new Start(
                entries.sure(WorkloadKeys.TYPE),
                entries.sure(WorkloadKeys.START_TIMEOUT),
                entries.sure(WorkloadKeys.RESTART),
                entries.sure(WorkloadKeys.RESTART_DELAY),
                entries.sure(WorkloadKeys.START_LIMIT),
                entries.sure(WorkloadKeys.START_LIMIT_INTERVAL)),
            new Stop(
                entries.sure(WorkloadKeys.STOP_SIGNAL), entries.sure(WorkloadKeys.STOP_TIMEOUT)),
            new Limits(
                entries.value(WorkloadKeys.MEMORY_MAX),
                entries.value(WorkloadKeys.CPU_QUOTA),
                entries.value(WorkloadKeys.TASKS_MAX),
                entries.value(WorkloadKeys.OPEN_FILES)),
            sandbox());
  }

  private Sandbox sandbox() {
    return new Sandbox(
        entries.sure(WorkloadKeys.PROTECT_SYSTEM),
        entries.sure(WorkloadKeys.WRITABLE_PATHS),
        entries.sure(WorkloadKeys.PROTECT_HOME),
        entries.sure(WorkloadKeys.PRIVATE_TMP),
        entries.sure(WorkloadKeys.PRIVATE_DEVICES),
        entries.sure(WorkloadKeys.PROTECT_KERNEL),
        entries.sure(WorkloadKeys.RESTRICT_SUID),
        entries.sure(WorkloadKeys.DENY_WRITE_EXECUTE),
        entries.sure(WorkloadKeys.CAPABILITIES));
  }

  private Digest processDigest() {
    boolean closed = closed(WorkloadKeys.ON_PROXY_DOWN);
    SortedMap<String, String> lines =
        new TreeMap<>(
            entries.canonical(key ->
                ofProcess(key)
                    || key.equals(WorkloadKeys.NAMESPACE.name())
                    || key.equals(WorkloadKeys.ON_PROXY_DOWN.name())
                    || (closed && HELD.contains(key))));
    lines.put("host.name", agent.entries().sure(AgentKeys.HOST_NAME).text());
    return AgentReader.digest(lines);
  }

  private Digest proxyDigest(Optional<PortBlock> ports) {
    SortedMap<String, String> lines = new TreeMap<>(agent.partForProxy());
    ports.ifPresent(block -> lines.put(WorkloadKeys.INBOUND.name(), block.inbound().toString()));
    lines.putAll(
        entries.canonical(key ->
            !ofProcess(key)
                && !key.startsWith("intercept.")
                && !key.startsWith("svid.")
                && !key.equals(WorkloadKeys.PROBES.name())
                && !key.equals(WorkloadKeys.LABELS.name())
                && !key.equals(WorkloadKeys.ANNOTATIONS.name())));
    return AgentReader.digest(lines);
  }

  private static boolean ofProcess(String key) {
    return key.startsWith("process.") || key.startsWith("limits.") || key.startsWith("sandbox.");
  }
}
