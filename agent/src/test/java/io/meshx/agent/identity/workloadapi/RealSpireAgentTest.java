// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.Diagnosis;
import io.meshx.agent.spire.NodeAttestor;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.spire.api.GrpcRegistrar;
import io.meshx.agent.testing.RealSpire;
import io.meshx.agent.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SVIDs of a real SPIRE agent, which takes the configuration that we write. */
@Tag("spire")
class RealSpireAgentTest {
  private static final long PATIENCE_SECONDS = 30;
  private static final SpiffeId WEB = new SpiffeId(RealSpire.DOMAIN, "/web");
  private static final Selector WEB_UID = Selector.uid(4711);
  private static final SvidQuery AGENT = new SvidQuery.Own(RealSpire.HOST.agentId());
  private static final SvidQuery WEB_PROXY =
      new SvidQuery.Delegated(WEB, new TreeSet<>(List.of(WEB_UID)));
  private static final Registration WEB_ENTRY =
      new Registration(WEB, RealSpire.HOST.alias(), new TreeSet<>(List.of(WEB_UID)));

  @TempDir Path directory;
  private UnixSockets sockets;
  private RealSpire spire;
  private GrpcRegistrar registrar;
  private WorkloadApiIdentities identities;
  private States states;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    sockets = new UnixSockets();
    spire = new RealSpire(directory, Duration.ofSeconds(10));
    spire.startServer();
    registrar = new GrpcRegistrar(sockets, spire.paths().serverSocket());
    identities =
        new WorkloadApiIdentities(
            sockets,
            spire.paths().publicSocket(),
            spire.paths().adminSocket(),
            InstantSource.system(),
            RandomGenerator.getDefault());
    states = new States(identities);
  }

  @AfterEach
  void end() {
    identities.close();
    sockets.close();
    spire.close();
  }

  private static Registration ownEntry() throws IOException {
    int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    return new Registration(
        RealSpire.HOST.agentId(),
        RealSpire.HOST.alias(),
        new TreeSet<>(List.of(Selector.uid(uid))));
  }

  private Process attest() throws IOException, HostException {
    spire.token(registrar.createJoinToken(RealSpire.HOST.alias(), Duration.ofMinutes(10)));
    return spire.startAgent();
  }

  private void followBoth() {
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT, "web", WEB_PROXY)));
  }

  @Test
  void takesTheConfiguration() throws IOException, InterruptedException {
    spire.token("any");
    String said = spire.validate("spire-agent");
    assertTrue(said.startsWith("status 0: "), said);
    assertTrue(said.endsWith("SPIRE agent configuration file is valid."), said);
  }

  @Test
  void showsTheSvidsOfTheAgentAndOfAProxyAndTheirRotations()
      throws IOException, InterruptedException, HostException {
    registrar.register(ownEntry());
    registrar.register(WEB_ENTRY);
    followBoth();
    attest();

    SvidState.Issued own = states.await(Identities.AGENT, SvidState.Issued.class);
    SvidState.Issued web = states.await("web", SvidState.Issued.class);

    assertEquals(RealSpire.HOST.agentId(), own.id());
    assertEquals(WEB, web.id());
    assertTrue(web.notAfter().isAfter(web.seen()), web::toString);

    while (states.await("web", SvidState.Issued.class).rotations() < 2) {
      states.awaitChange();
    }
  }

  @Test
  void handsOverAnSvidWithItsKey() throws IOException, InterruptedException, HostException {
    registrar.register(ownEntry());
    registrar.register(WEB_ENTRY);
    identities.follow(
        new TreeMap<>(
            Map.of(
                Identities.AGENT,
                AGENT,
                "files",
                new SvidQuery.Handed(WEB, WEB_ENTRY.selectors()))));
    attest();

    SvidState.Issued issued = states.await("files", SvidState.Issued.class);

    assertTrue(identities.material("files").orElseThrow().key().contains("PRIVATE KEY"));
    assertEquals(issued.serial(), identities.material("files").orElseThrow().serial());
  }

  @Test
  void saysNoUntilAnEntryIsThereAndAgainWhenItIsGone()
      throws IOException, InterruptedException, HostException {
    followBoth();
    attest();
    assertEquals(
        new SvidState.None("no identity issued"),
        states.await(Identities.AGENT, SvidState.None.class));

    registrar.register(ownEntry());
    states.await(Identities.AGENT, SvidState.Issued.class);
    assertEquals(
        new SvidState.None("no SVID for selectors " + WEB_UID),
        states.await("web", SvidState.None.class));

    registrar.register(WEB_ENTRY);
    states.await("web", SvidState.Issued.class);

    registrar.unregister(WEB_ENTRY);
    states.await("web", SvidState.None.class);

    registrar.unregister(ownEntry());
    states.await(Identities.AGENT, SvidState.None.class);
  }

  @Test
  void saysWhichSvidCameInsteadOfTheExpectedOne()
      throws IOException, InterruptedException, HostException {
    Registration wrong = new Registration(WEB, RealSpire.HOST.alias(), ownEntry().selectors());
    registrar.register(wrong);
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));
    attest();

    assertEquals(
        new SvidState.Unexpected(List.of(WEB)),
        states.await(Identities.AGENT, SvidState.Unexpected.class));
  }

  @Test
  void saysThatItIsNoDelegate() throws IOException, InterruptedException, HostException {
    Registration other = new Registration(WEB, RealSpire.HOST.alias(), ownEntry().selectors());
    registrar.register(other);
    identities.follow(
        new TreeMap<>(Map.of(Identities.AGENT, new SvidQuery.Own(WEB), "web", WEB_PROXY)));
    attest();

    states.awaitUnreachable("web", "caller not configured as an authorized delegate");
  }

  @Test
  void findsASpireAgentAgainThatWasRestartedWithoutItsToken()
      throws IOException, InterruptedException, HostException {
    registrar.register(ownEntry());
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));
    Process agent = attest();
    states.await(Identities.AGENT, SvidState.Issued.class);

    spire.configureAgent(false);
    RealSpire.stop(agent);
    states.await(Identities.AGENT, SvidState.Unreachable.class);
    spire.startAgent();

    assertTrue(states.await(Identities.AGENT, SvidState.Issued.class).rotations() >= 1);
  }

  @Test
  void explainsASpentToken() throws IOException, InterruptedException, HostException {
    spire.token("spent");
    awaitDiagnosis(
        spire.startAgent(), "the SPIRE server does not know the join token, or it was used before");
  }

  @Test
  void explainsAnEmptyToken() throws IOException, InterruptedException {
    spire.token("");
    awaitDiagnosis(spire.startAgent(), "the join token file is empty");
  }

  @Test
  void explainsAMissingTokenFile() throws IOException, InterruptedException {
    awaitDiagnosis(
        spire.startAgent(), "the join token file cannot be read (no such file or directory)");
  }

  @Test
  void explainsATokenThatWasNotGiven() throws IOException, InterruptedException {
    spire.configureAgent(false);
    awaitDiagnosis(spire.startAgent(), "the SPIRE agent has no identity and no join token");
  }

  @Test
  void explainsAWrongTrustBundle() throws IOException, InterruptedException {
    spire.token("any");
    spire.wrongBundle();
    awaitDiagnosis(
        spire.startAgent(), "the SPIRE server's certificate does not come from the trust bundle");
  }

  /** The clock of the host, or of the server, is an hour fast or slow. */
  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void explainsAClockThatIsWrong(int hours) throws Exception {
    Instant then = Instant.now().plus(Duration.ofHours(hours));
    spire.stopServer();
    spire.listenWithCertificate(
        then.minus(Duration.ofMinutes(5)), then.plus(Duration.ofMinutes(5)));
    spire.token("any");

    awaitDiagnosis(
        spire.startAgent(),
        "the SPIRE server's certificate is not valid at this host's time (current time ");
  }

  @Test
  void saysNothingOfASpireAgentThatIsWell()
      throws IOException, InterruptedException, HostException {
    registrar.register(ownEntry());
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));
    attest();
    states.await(Identities.AGENT, SvidState.Issued.class);

    List<String> log = spire.agentLog().stream().filter(line -> !line.contains("dbus")).toList();
    assertFalse(log.isEmpty());
    assertEquals(Optional.empty(), Diagnosis.of(log));
  }

  private void awaitDiagnosis(Process agent, String beginning)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    Optional<String> sentence = Optional.empty();
    while (sentence.isEmpty()) {
      assertTrue(System.nanoTime() < end, "nothing explains the log of the SPIRE agent");
      agent.waitFor(20, TimeUnit.MILLISECONDS);
      sentence = Diagnosis.of(spire.agentLog());
    }
    assertTrue(sentence.get().startsWith(beginning), sentence.get());
  }

  @Test
  void takesTheConfigurationOfEveryAttestor() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "none");
    for (NodeAttestor attestor :
        List.of(
            new NodeAttestor.X509Pop(file, file, Optional.of(file)),
            new NodeAttestor.SshPop(file, file),
            new NodeAttestor.TpmDevId(file, file, file, Optional.of(Path.of("/dev/tpmrm0"))),
            new NodeAttestor.HttpChallenge("vm-1.example.org", new Port(8080), "default"),
            new NodeAttestor.AwsIid(),
            new NodeAttestor.GcpIit("default"),
            new NodeAttestor.AzureImds("example.onmicrosoft.com"))) {
      spire.configureAgent(attestor);

      String said = spire.validate("spire-agent");

      assertTrue(said.startsWith("status 0: "), said);
      assertTrue(said.endsWith("SPIRE agent configuration file is valid."), said);
    }
  }

  @Test
  void aServerWithoutTheAttestorIsNamed() throws Exception {
    TestCertificates certificates = new TestCertificates();
    Path certificate =
        Files.writeString(
            directory.resolve("host.crt"),
            TestCertificates.pem("CERTIFICATE", certificates.root(Instant.now())));
    Path key =
        Files.writeString(
            directory.resolve("host.key"),
            TestCertificates.pem("PRIVATE KEY", certificates.rootKey()));
    spire.configureAgent(new NodeAttestor.X509Pop(certificate, key, Optional.empty()));

    awaitDiagnosis(spire.startAgent(), "the SPIRE server has no node attestor 'x509pop'");
  }
}
