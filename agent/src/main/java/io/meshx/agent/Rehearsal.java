// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent;

import com.google.protobuf.ByteString;
import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.cli.Directories;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.filter.bpf.PinnedFilters;
import io.meshx.agent.firewall.BothBackends;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.iptables.IptablesFirewall;
import io.meshx.agent.firewall.iptables.Variant;
import io.meshx.agent.firewall.nftables.NftablesFirewall;
import io.meshx.agent.host.Families;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.identity.workloadapi.WorkloadApiIdentities;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Look;
import io.meshx.agent.plan.MeshBlueprint;
import io.meshx.agent.probe.RedirectProbe;
import io.meshx.agent.proto.delegatedidentity.SubscribeToX509SVIDsResponse;
import io.meshx.agent.proto.delegatedidentity.X509SVIDWithKey;
import io.meshx.agent.proto.health.HealthCheckResponse;
import io.meshx.agent.proto.health.HealthCheckResponse.ServingStatus;
import io.meshx.agent.proto.spire.SPIFFEID;
import io.meshx.agent.proto.spire.debug.GetInfoResponse;
import io.meshx.agent.proto.workloadapi.X509SVID;
import io.meshx.agent.proto.workloadapi.X509SVIDResponse;
import io.meshx.agent.proxy.ProxyEndpoint;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.reconcile.HostPorts;
import io.meshx.agent.reconcile.OneShot;
import io.meshx.agent.reconcile.Report;
import io.meshx.agent.socket.PlayedServer;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.AgentHealth;
import io.meshx.agent.spire.SpirePaths;
import io.meshx.agent.spire.api.GrpcSpireAgent;
import io.meshx.agent.status.ControlSocket;
import io.meshx.agent.status.ExitStatus;
import io.meshx.agent.status.ServiceNotifier;
import io.meshx.agent.status.Snapshot;
import io.meshx.agent.status.SnapshotJson;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.systemd.SystemdUnits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start and a join take, gone through once without changing anything on the host: the Java
 * runtime keeps what it loads and links meanwhile, and does it for no later start. What is not gone
 * through here is loaded in the middle of a join.
 */
final class Rehearsal {
  private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final UserName ROOT = new UserName("root");
  private static final WorkloadName WORKLOAD = new WorkloadName("rehearsal");
  private static final SpiffeId ID =
      SpiffeId.parse("spiffe://rehearsal.invalid/meshx-agent/rehearsal");

  /** The file with its certificate; nobody has its key. */
  private static final String SVID = "/io/meshx/agent/rehearsal/svid.pem";

  private final HostPorts ports;
  private final SystemBus bus;
  private final UnixSockets sockets;
  private final AgentConfig config;
  private final Path directory;

  /**
   * Does nothing yet.
   *
   * @param directory for sockets; it is as before afterwards
   */
  Rehearsal(
      HostPorts ports, SystemBus bus, UnixSockets sockets, AgentConfig config, Path directory) {
    this.ports = ports;
    this.bus = bus;
    this.sockets = sockets;
    this.config = config;
    this.directory = directory;
  }

  /**
   * Goes through it.
   *
   * @return what it did not come to, in words; empty if it went through all
   * @throws IOException if a socket or a file in the directory cannot be made
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  List<String> run() throws IOException, InterruptedException {
    List<String> missed = new ArrayList<>();
    Report report = join();
    if (!report.plan().complete()) {
      missed.add(
          "it has not joined within " + PATIENCE.toSeconds() + " s:\n" + report.plan().text());
    }
    getSvids().ifPresent(missed::add);
    askSpireAgent().ifPresent(missed::add);
    setRulesNowhere(report).ifPresent(missed::add);
    readUnits().ifPresent(missed::add);
    startNothing();
    pinNothing();
    askProxy().ifPresent(missed::add);
    writeSomewhere();
    return missed;
  }

  /** The daemon's whole join, with changes in memory only, and its status. */
  private Report join() throws IOException {
    Path systemd = directory.resolve("notify.sock");
    Path control = directory.resolve("control.sock");
    sockets.sink(systemd);
    try (ServiceNotifier notifier =
        ServiceNotifier.open(Optional.of(systemd.toString()), sockets.loop())) {
      Daemon daemon =
          new Daemon(config, notifier, Wiring::blueprint, () -> {}, () -> {}, directory, control);
      Report report =
          new OneShot(ports, InstantSource.system())
              .rehearse(
                  new MeshBlueprint(
                      config,
                      SpirePaths.under(directory, directory),
                      RedirectProbe.Program.PACKAGED,
                      Wiring.FILTERS,
                      Directories.DRAINED),
                  PATIENCE,
                  daemon::report,
                  daemon::run);
      SnapshotJson.text(Snapshot.of(report, config, true));
      askAsCommand(control);
      return report;
    } finally {
      Files.deleteIfExists(systemd);
    }
  }

  private static void askAsCommand(Path control) throws IOException {
    try (ControlSocket _ =
        ControlSocket.open(
            control, _ -> new ControlSocket.Answer(ExitStatus.OK, "a rehearsal\n"))) {
      ControlSocket.ask(control, "status");
    }
  }

  /** As in a join: first there is no socket, then one of each kind, and each gives an SVID. */
  private Optional<String> getSvids() throws IOException, InterruptedException {
    ByteString certificate = certificate();
    Path own = directory.resolve("api.sock");
    Path others = directory.resolve("admin.sock");
    CountDownLatch issued = new CountDownLatch(1);
    try (WorkloadApiIdentities identities = Wiring.identities(sockets, own, others)) {
      identities.onChange(() -> {
        if (identities.observe().values().stream().allMatch(SvidState.Issued.class::isInstance)) {
          issued.countDown();
        }
      });
      identities.follow(
          new TreeMap<>(
              Map.of(
                  Identities.AGENT,
                  new SvidQuery.Own(ID),
                  WORKLOAD.text(),
                  new SvidQuery.Delegated(ID, new TreeSet<>(List.of(Selector.uid(0)))))));
      try (PlayedServer _ = PlayedServer.streaming(own, ownSvid(certificate));
          PlayedServer _ = PlayedServer.streaming(others, svidOfAnother(certificate))) {
        return issued.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
            ? Optional.empty()
            : Optional.of(
                "SVIDs were not issued within "
                    + PATIENCE.toSeconds()
                    + " s: "
                    + identities.observe());
      }
    }
  }

  private static ByteString certificate() throws IOException {
    try (InputStream in = Rehearsal.class.getResourceAsStream(SVID)) {
      return ByteString.copyFrom(
          CertificateFactory.getInstance("X.509").generateCertificate(in).getEncoded());
    } catch (CertificateException e) {
      throw new IOException("reading resource '" + SVID + "'", e);
    }
  }

  private static X509SVIDResponse ownSvid(ByteString certificate) {
    return X509SVIDResponse.newBuilder()
        .addSvids(
            X509SVID
                .newBuilder()
                .setSpiffeId(ID.toString())
                .setX509Svid(certificate)
                .setBundle(certificate))
        .build();
  }

  private static SubscribeToX509SVIDsResponse svidOfAnother(ByteString certificate) {
    X509SVIDWithKey.Builder svid = X509SVIDWithKey.newBuilder();
    svid.getX509SvidBuilder().setId(spiffeId()).addCertChain(certificate);
    return SubscribeToX509SVIDsResponse.newBuilder().addX509Svids(svid).build();
  }

  private static SPIFFEID.Builder spiffeId() {
    return SPIFFEID.newBuilder().setTrustDomain(ID.trustDomain().toString()).setPath(ID.path());
  }

  /** The SPIRE agent's health, and what it says of itself. */
  private Optional<String> askSpireAgent() throws IOException {
    Path own = directory.resolve("api.sock");
    Path others = directory.resolve("admin.sock");
    GetInfoResponse info =
        GetInfoResponse.newBuilder()
            .addSvidChain(GetInfoResponse.Cert.newBuilder().setId(spiffeId()))
            .build();
    HealthCheckResponse health =
        HealthCheckResponse.newBuilder().setStatus(ServingStatus.SERVING).build();
    try (GrpcSpireAgent agent = new GrpcSpireAgent(sockets, own, others, InstantSource.system());
        PlayedServer _ = PlayedServer.unary(own, health);
        PlayedServer _ = PlayedServer.unary(others, info)) {
      AgentHealth answer = agent.observe();
      return answer instanceof AgentHealth.Answers
          ? Optional.empty()
          : Optional.of("a SPIRE agent's health was not read: " + answer);
    }
  }

  /** Both backends, with programs that do nothing and find no rules. */
  private static Optional<String> setRulesNowhere(Report report) {
    if (!(report.observed().rules() instanceof Look.Saw<HostRules>(HostRules rules))) {
      return Optional.of("redirect rules: " + report.observed().rules());
    }
    Commands nothing = (_, _) -> "";
    Families both = () -> new TreeSet<>(List.of(IpFamily.values()));
    try {
      new BothBackends(
              new IptablesFirewall(nothing, Variant.HOST, both), new NftablesFirewall(nothing))
          .apply(rules);
      return Optional.empty();
    } catch (HostException e) {
      return Optional.of("redirect rules were not set: " + e.getMessage());
    }
  }

  /** Those of systemd itself, since none of ours may run. */
  private Optional<String> readUnits() {
    try (SystemdUnits others = new SystemdUnits(bus, "systemd-")) {
      return others.observe().isEmpty()
          ? Optional.of("systemd has no unit of its own to read")
          : Optional.empty();
    } catch (HostException e) {
      return Optional.of("units were not read: " + e.getMessage());
    }
  }

  /** Has systemd read the order to start a unit, and refuse it. */
  private void startNothing() {
    UnitSpec impossible =
        UnitSpec.oneshot(OurUnits.probe(WORKLOAD), Digest.of("rehearsal"), "rehearsal")
            .exec(List.of("/nonexistent"))
            .set("MeshxRehearsal", new Property.Flag(true))
            .build();
    try {
      ports.units().start(impossible);
      throw new IllegalStateException("systemd took a property that there is not");
    } catch (HostException e) {
      LOG.debug("refused, as it should be", e);
    }
  }

  /** Has the kernel load a filter, and refuse to pin it where no bpf file system is. */
  private void pinNothing() throws IOException {
    Path nowhere = directory.resolve("filters");
    try {
      new PinnedFilters(nowhere).pin(PacketProgram.LOOPBACK_ONLY);
      throw new IllegalStateException("the kernel took a pin outside of a bpf file system");
    } catch (HostException e) {
      LOG.debug("refused, as it should be", e);
    } finally {
      Files.deleteIfExists(nowhere);
    }
  }

  /** The agent's own metrics, as if they were a proxy's. */
  private Optional<String> askProxy() {
    Port port = config.metrics().port();
    ProxyHealth health =
        ports
            .proxies()
            .look(new ProxyEndpoint(OurUnits.proxy(WORKLOAD), "0".repeat(32), port, port, port));
    return health instanceof ProxyHealth.Unreachable(String why)
        ? Optional.of("metrics were not read: " + why)
        : Optional.empty();
  }

  /** Goes through writing a directory and a file in it, and removing both. */
  private void writeSomewhere() throws IOException {
    Path written = directory.resolve("written");
    Path file = written.resolve("file");
    try {
      ports.files().write(HostFile.directory(written, ROOT, 0700));
      ports.files().write(HostFile.file(file, ROOT, 0600, "a rehearsal"));
      ports.files().remove(file);
      ports.files().remove(written);
    } catch (HostException e) {
      throw new IOException("writing '" + file + "' and removing it", e);
    }
  }
}
