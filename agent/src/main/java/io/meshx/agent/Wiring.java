// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent;

import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.cli.Directories;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.config.ConfigReader;
import io.meshx.agent.config.MachineName;
import io.meshx.agent.connection.conntrack.ConntrackConnections;
import io.meshx.agent.delivery.tmpfs.LinkedDirectories;
import io.meshx.agent.dns.resolved.ResolvedDns;
import io.meshx.agent.enrolment.Enrolment;
import io.meshx.agent.enrolment.HostEntries;
import io.meshx.agent.enrolment.LocalAddress;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.file.posix.PosixFiles;
import io.meshx.agent.filter.bpf.PinnedFilters;
import io.meshx.agent.firewall.BothBackends;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.NftTable;
import io.meshx.agent.firewall.iptables.IptablesFirewall;
import io.meshx.agent.firewall.iptables.Variant;
import io.meshx.agent.firewall.nftables.NftMonitor;
import io.meshx.agent.firewall.nftables.NftablesFirewall;
import io.meshx.agent.health.local.LocalHealth;
import io.meshx.agent.host.Component;
import io.meshx.agent.host.Families;
import io.meshx.agent.host.linux.Components;
import io.meshx.agent.host.linux.GetentUsers;
import io.meshx.agent.host.linux.LinuxFacts;
import io.meshx.agent.identity.workloadapi.WorkloadApiIdentities;
import io.meshx.agent.inlet.BothFirewalls;
import io.meshx.agent.inlet.firewalld.FirewalldInlets;
import io.meshx.agent.inlet.nftables.NftInputChains;
import io.meshx.agent.inlet.ufw.UfwFiles;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import io.meshx.agent.plan.Blueprint;
import io.meshx.agent.plan.MeshBlueprint;
import io.meshx.agent.plan.NothingBlueprint;
import io.meshx.agent.plan.Plan;
import io.meshx.agent.probe.RedirectProbe;
import io.meshx.agent.proxy.ProxyUnit;
import io.meshx.agent.proxy.admin.AdminProxies;
import io.meshx.agent.reaper.Reaper;
import io.meshx.agent.reconcile.Farewell;
import io.meshx.agent.reconcile.HostPorts;
import io.meshx.agent.reconcile.Loop;
import io.meshx.agent.reconcile.OneShot;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.kubernetes.KubernetesFleet;
import io.meshx.agent.registry.kubernetes.KubernetesRegistry;
import io.meshx.agent.route.iproute.IprouteRoutes;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.SpirePaths;
import io.meshx.agent.spire.api.GrpcRegistrar;
import io.meshx.agent.spire.api.GrpcSpireAgent;
import io.meshx.agent.status.ExitStatus;
import io.meshx.agent.status.ServiceNotifier;
import io.meshx.agent.trial.Memory;
import io.meshx.agent.trial.file.TrialFiles;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.systemd.JournalctlJournal;
import io.meshx.agent.unit.systemd.SystemdForeignUnits;
import io.meshx.agent.unit.systemd.SystemdUnits;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The only place that constructs adapters. */
public final class Wiring implements AutoCloseable {
  private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(10);

  /** More than a probe may take. */
  private static final Duration LONGEST_PROBE = Duration.ofSeconds(70);

  /** In the bpf file system that systemd mounts at boot. */
  static final Path FILTERS = Path.of("/sys/fs/bpf/meshx");

  /** Where an administrator's units are (systemd.unit(5)). */
  private static final Path SYSTEM_UNITS = Path.of("/etc/systemd/system");

  private static final Path CONTROL_GROUPS = Path.of("/sys/fs/cgroup");

  private static final Path HOST = Path.of("/");

  /** In memory, as everything below it. */
  private static final Path DELIVERIES = Directories.RUN.resolve("svid");

  private static final Path PORT_MEMORY = Directories.STATE.resolve("ports.toml");
  private static final Path ENLISTED = Directories.STATE.resolve("enlisted");
  private static final SpirePaths SPIRE = SpirePaths.under(Directories.RUN, Directories.STATE);

  private static final String STOPPING = "stopping";
  private static final Logger LOG = LoggerFactory.getLogger(Wiring.class);
  private static final Duration RESIGN = Duration.ofSeconds(5);

  private final UnixSockets sockets = new UnixSockets();
  private final SystemBus bus;
  private final Families families;
  private final HostPorts ports;

  private Wiring() {
    bus = SystemBus.open(SystemBus.HOST_ADDRESS);
    HostCommands commands = new HostCommands(COMMAND_TIMEOUT);
    GetentUsers users = new GetentUsers(commands);
    LinuxFacts facts = new LinuxFacts(users, commands, InstantSource.system());
    families = facts;
    PosixFiles files = new PosixFiles(users, List.of(ProxyUnit.DIRECTORY));
    ports =
        new HostPorts(
            facts,
            files,
            new IprouteRoutes(commands, commands, facts),
            new ResolvedDns(bus, commands),
            new SystemdUnits(bus),
            new SystemdForeignUnits(bus, files, SYSTEM_UNITS, CONTROL_GROUPS),
            new JournalctlJournal(commands),
            new BothBackends(
                new IptablesFirewall(commands, Variant.HOST, facts),
                new NftablesFirewall(commands)),
            new NftMonitor(commands),
            new TrialFiles(files, Directories.RUN, Directories.STATE),
            new ConntrackConnections(commands),
            new PinnedFilters(FILTERS),
            new BothFirewalls(
                new FirewalldInlets(bus, HOST),
                List.of(new UfwFiles(HOST), new NftInputChains(commands, NftTable.PROGRAM))),
            new GrpcRegistrar(sockets, SPIRE.serverSocket()),
            new GrpcSpireAgent(
                sockets, SPIRE.publicSocket(), SPIRE.adminSocket(), InstantSource.system()),
            identities(sockets, SPIRE.publicSocket(), SPIRE.adminSocket()),
            new LinkedDirectories(DELIVERIES, files),
            new AdminProxies(commands, InstantSource.system(), Path.of("/proc/net")),
            new LocalHealth(new HostCommands(LONGEST_PROBE), sockets, InstantSource.system()),
            new KubernetesRegistry(ENLISTED, files, InstantSource.system(), new SecureRandom()));
  }

  static WorkloadApiIdentities identities(
      UnixSockets sockets, Path publicSocket, Path adminSocket) {
    return new WorkloadApiIdentities(
        sockets, publicSocket, adminSocket, InstantSource.system(), new SecureRandom());
  }

  /** Reads configurations of this machine. */
  public static ConfigReader configReader() {
    return new ConfigReader(MachineName.ofThisMachine(), InstantSource.system(), PORT_MEMORY);
  }

  /**
   * Connects to the host on a thread of its own: in a cold JVM that takes about as long as reading
   * the configuration, and a second processor can do it meanwhile. It changes nothing.
   */
  public static CompletableFuture<Wiring> opening() {
    return CompletableFuture.supplyAsync(Wiring::new, Thread.ofPlatform().name("wiring")::start);
  }

  /**
   * Runs the agent until SIGTERM, and closes this.
   *
   * @param config the configuration to begin with
   */
  public ExitStatus daemon(AgentConfig config) {
    try (Wiring wiring = this;
        ServiceNotifier notifier =
            ServiceNotifier.open(
                Optional.ofNullable(System.getenv("NOTIFY_SOCKET")), wiring.sockets.loop())) {
      ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
      Daemon daemon =
          new Daemon(
              config,
              notifier,
              Wiring::blueprint,
              () -> wiring.removeRules(workers),
              wiring.ports.registry()::fallSilent,
              Directories.CONFIG,
              Directories.CONTROL);
      return daemon.run(
          new Loop(
              wiring.ports, blueprint(config), workers, InstantSource.system(), daemon::report));
    }
  }

  private void removeRules(ExecutorService workers) {
    // A change that is under way would put them back.
    workers.close();
    try {
      ports.firewall().apply(HostRules.none(families.families()));
    } catch (HostException e) {
      LOG.error("removing the redirect rules failed: {}", e.getMessage());
    }
  }

  /** The plan for a configuration as the host is now; changes nothing. */
  public static Plan survey(AgentConfig config) {
    try (Wiring wiring = new Wiring()) {
      return new OneShot(wiring.ports, InstantSource.system()).survey(blueprint(config));
    }
  }

  /**
   * Goes through a join as a daemon that looks at the host and changes nothing, and closes this.
   *
   * @param directory for sockets; it is empty again afterwards
   * @return what it did not come to, in words; empty if it went through all
   * @throws IOException if a socket cannot be made
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public List<String> rehearse(AgentConfig config, Path directory)
      throws IOException, InterruptedException {
    try (Wiring wiring = this) {
      return new Rehearsal(wiring.ports, wiring.bus, wiring.sockets, config, directory).run();
    }
  }

  /**
   * Stops the agent and takes everything of ours away.
   *
   * @param timeout after which it gives up
   * @param progress gets a line for each change
   * @throws HostException if the agent cannot be stopped
   */
  public static ExitStatus down(Duration timeout, Consumer<String> progress) throws HostException {
    Commands commands = new HostCommands(timeout);
    commands.run("systemctl", "stop", OurUnits.AGENT.text(), OurUnits.DRAIN.text());
    commands.run("systemctl", "reset-failed", OurUnits.AGENT_IF_LOADED);
    try (Wiring wiring = new Wiring()) {
      wiring.tellCluster(timeout, progress);
      if (!new OneShot(wiring.ports, InstantSource.system())
          .reach(new NothingBlueprint(SPIRE.agentData()), timeout, progress)) {
        return ExitStatus.FAILED;
      }
    }
    // systemd makes slices for units by itself, and keeps them when they are empty.
    commands.run("systemctl", "stop", OurUnits.SLICE.text());
    // Sockets and files that nobody uses any more; the SPIRE agent's identity is not among them.
    commands.run("find", Directories.RUN.toString(), "-mindepth", "1", "-delete");
    commands.run("rm", "-f", PORT_MEMORY.toString());
    return ExitStatus.OK;
  }

  /** At most a third of the time: what is left must do for the host. */
  private void tellCluster(Duration timeout, Consumer<String> progress) {
    try {
      MeshBlueprint.cluster(configReader().read(Directories.CONFIG), true)
          .ifPresent(cluster ->
              new Farewell(ports, InstantSource.system(), progress)
                  .say(cluster, timeout.dividedBy(3)));
    } catch (ConfigException e) {
      progress.accept(
          "the configuration cannot be read, so no cluster is told: " + e.problems().getFirst());
    }
  }

  /**
   * Whether this host is going down (systemctl(1), is-system-running).
   *
   * @throws HostException if systemd does not say
   */
  public static boolean goingDown() throws HostException {
    try {
      return new HostCommands(COMMAND_TIMEOUT)
          .run("systemctl", "is-system-running")
          .strip()
          .equals(STOPPING);
    } catch (HostException.CommandFailed e) {
      // It ends with a status other than 0 in every state but one.
      return e.output().strip().equals(STOPPING);
    }
  }

  /**
   * Has peers choose no workload of hosts that died, until SIGTERM.
   *
   * @param access how the cluster is reached
   * @param atMost of a hundred hosts, so many may be lost at once
   * @throws InterruptedException if the thread is interrupted
   */
  public static void reap(ApiAccess access, int atMost) throws InterruptedException {
    SecureRandom random = new SecureRandom();
    CountDownLatch ended = new CountDownLatch(1);
    try (KubernetesFleet fleet = new KubernetesFleet(access, InstantSource.system(), random)) {
      // Two on one machine are two.
      String self = MachineName.ofThisMachine().get() + "-" + Integer.toHexString(random.nextInt());
      Reaper reaper = new Reaper(fleet, self, atMost, InstantSource.system());
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(reaper, ended), "shutdown"));
      reaper.run();
    } finally {
      ended.countDown();
    }
  }

  private static void end(Reaper reaper, CountDownLatch ended) {
    reaper.stop();
    try {
      if (!ended.await(RESIGN.toSeconds(), TimeUnit.SECONDS)) {
        LOG.warn("the reaper did not end within {} s", RESIGN.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * What of this host the agent works with; what does not say its version is left out.
   *
   * @param spireAgent the SPIRE agent's program, if it is known
   */
  public static List<Component> components(Optional<Path> spireAgent) {
    return Components.of(new HostCommands(COMMAND_TIMEOUT), spireAgent);
  }

  /** Joining by one command. */
  public static Enrolment enrolment() {
    Commands commands = new HostCommands(COMMAND_TIMEOUT);
    return new Enrolment(
        new PosixFiles(new GetentUsers(commands), List.of()),
        commands,
        configReader(),
        Directories.CONFIG,
        LocalAddress::towards);
  }

  /**
   * What the SPIRE server needs for a configuration.
   *
   * @throws HostException if users cannot be looked up
   * @throws IOException if there is no user for the proxies, or the host's certificate cannot be
   *     read
   */
  public static HostEntries entries(AgentConfig config) throws HostException, IOException {
    Map<UserName, Integer> uids = new TreeMap<>();
    new GetentUsers(new HostCommands(COMMAND_TIMEOUT))
        .lookUp(HostEntries.users(config))
        .forEach((name, user) -> uids.put(name, user.uid()));
    return HostEntries.of(config, uids);
  }

  /**
   * Ends this host's membership, once {@link #down} has taken everything away.
   *
   * @throws HostException if something of it stays
   */
  public static void forget() throws HostException {
    enrolment().forget(SPIRE.state());
  }

  /**
   * Takes rules on trial back unless they are confirmed; the daemon, if it runs, sees it and holds.
   *
   * @param wanted the digest of what was on trial
   * @return whether there was nothing to take back
   * @throws HostException if that cannot be found out, or not be done
   */
  public static boolean rollback(Digest wanted) throws HostException {
    try (Wiring wiring = new Wiring()) {
      Memory memory = wiring.ports.trials().observe();
      if (memory.confirmed().equals(Optional.of(wanted)) || memory.before().isEmpty()) {
        return true;
      }
      wiring.ports.firewall().apply(memory.before().get());
      return false;
    }
  }

  static Blueprint blueprint(AgentConfig config) {
    return new MeshBlueprint(
        config, SPIRE, RedirectProbe.Program.PACKAGED, FILTERS, Directories.DRAINED);
  }

  @Override
  public void close() {
    ports.units().close();
    ports.ruleWatch().close();
    ports.routes().close();
    ports.spireAgent().close();
    ports.identities().close();
    ports.health().close();
    ports.registry().close();
    bus.close();
    sockets.close();
  }
}
