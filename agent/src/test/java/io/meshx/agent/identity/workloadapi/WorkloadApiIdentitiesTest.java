// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.IdentitiesContract;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.proto.delegatedidentity.SubscribeToX509SVIDsRequest;
import io.meshx.agent.proto.delegatedidentity.SubscribeToX509SVIDsResponse;
import io.meshx.agent.proto.workloadapi.X509SVIDResponse;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.testing.FakeWorkloadApi;
import io.meshx.agent.testing.TestCertificates;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkloadApiIdentitiesTest extends IdentitiesContract {
  private static final Instant NOW = Instant.parse("2026-11-22T20:00:00Z");
  private static final Instant FROM = Instant.parse("2026-11-22T19:59:00Z");
  private static final Instant TO = Instant.parse("2026-11-22T21:00:00Z");
  private static final String WEB = "spiffe://example.org/web";
  private static final SvidQuery.Delegated WEB_PROXY =
      new SvidQuery.Delegated(
          SpiffeId.parse(WEB),
          new TreeSet<>(
              List.of(Selector.uid(998), new Selector("systemd", "id:meshx-proxy-web.service"))));

  /** Tries everything again soon, what is hopeless too. */
  private static final Pace QUICK =
      new Pace(
          Duration.ofMillis(5),
          Duration.ofMillis(5),
          Duration.ofMillis(50),
          Duration.ofMillis(5),
          Duration.ofMillis(5),
          Duration.ofSeconds(10),
          Duration.ofMillis(5));

  private final TestCertificates certificates = new TestCertificates();
  @TempDir Path directory;
  private UnixSockets sockets;
  private FakeWorkloadApi spire;
  private WorkloadApiIdentities identities;
  private States states;

  @BeforeEach
  void start() {
    sockets = new UnixSockets();
    spire = new FakeWorkloadApi(directory);
    identities = identities(spire.publicSocket());
    states = new States(identities);
  }

  @AfterEach
  void end() {
    identities.close();
    sockets.close();
    spire.close();
  }

  private WorkloadApiIdentities identities(Path publicSocket) {
    return new WorkloadApiIdentities(
        sockets,
        publicSocket,
        spire.adminSocket(),
        InstantSource.fixed(NOW),
        RandomGenerator.of("L64X128MixRandom"),
        QUICK);
  }

  @Override
  protected Identities identities() {
    return identities;
  }

  @Override
  protected void issue(SpiffeId id, long serial) throws InterruptedException {
    spire.nextOwn().send(own(id.toString(), serial));
  }

  private byte[] leaf(String id, long serial) {
    return certificates.leaf(id, serial, FROM, TO);
  }

  private X509SVIDResponse own(String id, long serial) {
    return FakeWorkloadApi.own(id, leaf(id, serial));
  }

  private X509SVIDResponse own(long serial) {
    return own(AGENT.expected().toString(), serial);
  }

  private SubscribeToX509SVIDsResponse web(long serial) {
    return FakeWorkloadApi.delegated("example.org", "/web", leaf(WEB, serial));
  }

  private void followAgent() {
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));
  }

  /** Follows the agent's SVID and a proxy's, and has the agent's issued. */
  private FakeWorkloadApi.Stream followProxy() throws InterruptedException {
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT, "web", WEB_PROXY)));
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    stream.send(own(1));
    return stream;
  }

  @Test
  void showsTheLeafOfTheSvid() throws InterruptedException {
    followAgent();
    spire.nextOwn().send(own(0xbeef));

    assertEquals(
        new SvidState.Issued(AGENT.expected(), "beef", FROM, TO, NOW, 0),
        states.await(Identities.AGENT, SvidState.Issued.class));
  }

  @Test
  void theRootsThatComeWithItAreKeptAndTheirChangeIsToldWithoutARotation() throws Exception {
    byte[] root = certificates.root(NOW);
    byte[] other = new TestCertificates().root(NOW);
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    stream.send(withBundle(root));
    SvidState.Issued issued = states.await(Identities.AGENT, SvidState.Issued.class);
    assertEquals(Optional.of(TrustBundle.read(new ByteArrayInputStream(root))), issued.bundle());

    stream.send(withBundle(root, other));
    SvidState.Issued next = states.await(Identities.AGENT, SvidState.Issued.class);
    while (next.equals(issued)) {
      states.awaitChange();
      next = states.await(Identities.AGENT, SvidState.Issued.class);
    }

    assertEquals(2, next.bundle().orElseThrow().roots().size());
    assertEquals(0, next.rotations());
  }

  private X509SVIDResponse withBundle(byte[]... roots) {
    X509SVIDResponse.Builder message = own(1).toBuilder();
    ByteString all = ByteString.EMPTY;
    for (byte[] root : roots) {
      all = all.concat(ByteString.copyFrom(root));
    }
    message.getSvidsBuilder(0).setBundle(all);
    return message.build();
  }

  @Test
  void anSvidThatIsToBeHandedOverComesWithItsKey() throws InterruptedException {
    SvidQuery.Handed files = new SvidQuery.Handed(WEB_PROXY.expected(), WEB_PROXY.selectors());
    identities.follow(
        new TreeMap<>(Map.of(Identities.AGENT, AGENT, "web", WEB_PROXY, "files", files)));
    spire.nextOwn().send(own(1));
    SubscribeToX509SVIDsResponse message =
        FakeWorkloadApi.delegated("example.org", "/web", leaf(WEB, 7), certificates.leafKey());
    spire.nextDelegated().send(message);
    spire.nextDelegated().send(message);

    states.awaitSerial("files", "7");
    states.awaitSerial("web", "7");

    assertEquals("7", identities.material("files").orElseThrow().serial());
    assertTrue(identities.material("files").orElseThrow().key().startsWith("-----BEGIN PRIVATE"));
    assertEquals(Optional.empty(), identities.material("web"));
    assertEquals(Optional.empty(), identities.material("nobody"));
  }

  @Test
  void aKeyThatIsNotTheOneOfItsCertificateIsNotHandedOver() throws InterruptedException {
    SvidQuery.Handed files = new SvidQuery.Handed(WEB_PROXY.expected(), WEB_PROXY.selectors());
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT, "files", files)));
    spire.nextOwn().send(own(1));
    FakeWorkloadApi.Stream stream = spire.nextDelegated();
    stream.send(
        FakeWorkloadApi.delegated(
            "example.org", "/web", leaf(WEB, 7), new TestCertificates().leafKey()));
    states.awaitUnreachable("files", "the private key is not the one of the certificate");
    stream.send(web(8));
    states.awaitUnreachable("files", "its private key cannot be used");
    assertEquals(Optional.empty(), identities.material("files"));

    stream.send(
        FakeWorkloadApi.delegated("example.org", "/web", leaf(WEB, 9), certificates.leafKey()));
    states.awaitSerial("files", "9");

    stream.send(web(10));
    stream.send(
        FakeWorkloadApi.delegated("example.org", "/web", leaf(WEB, 12), certificates.leafKey()));
    states.awaitSerial("files", "c");
    assertEquals("c", identities.material("files").orElseThrow().serial());
  }

  @Test
  void sendsTheSecurityHeaderOnceAndAnAuthorityThatStrictServersTake() throws InterruptedException {
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();

    assertEquals(List.of("true"), stream.header("workload.spiffe.io"));
    assertEquals("localhost", stream.authority());
  }

  @Test
  void countsRotationsByTheSerialNumberOnly() throws InterruptedException {
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    stream.send(own(1));
    stream.send(own(1));
    stream.send(own(2));
    stream.send(own(2));
    stream.send(own(3));

    assertEquals(2, states.awaitSerial(Identities.AGENT, "3").rotations());
    assertEquals(3, states.ofAgent().size(), () -> states.ofAgent().toString());
  }

  @Test
  void takesAPermissionDeniedAsNoSvidAndAsksAgain() throws InterruptedException {
    followAgent();
    spire.nextOwn().end(Status.PERMISSION_DENIED.withDescription("no identity issued"));

    assertEquals(
        new SvidState.None("no identity issued"),
        states.await(Identities.AGENT, SvidState.None.class));

    spire.nextOwn().send(own(1));

    assertEquals("1", states.await(Identities.AGENT, SvidState.Issued.class).serial());
  }

  @Test
  void stopsShowingAnSvidWhoseEntryWasDeleted() throws InterruptedException {
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    stream.send(own(1));
    states.await(Identities.AGENT, SvidState.Issued.class);

    stream.end(Status.PERMISSION_DENIED.withDescription("no identity issued"));

    states.await(Identities.AGENT, SvidState.None.class);
  }

  @Test
  void saysThatTheSocketIsMissingAndSeesItAppear() throws InterruptedException {
    spire.stop();
    followAgent();

    assertEquals(
        "socket '" + spire.publicSocket() + "' does not exist",
        states.awaitUnreachable(Identities.AGENT, "does not exist").why());

    spire.restart();
    spire.nextOwn().send(own(1));

    states.await(Identities.AGENT, SvidState.Issued.class);
  }

  @Test
  void saysThatNobodyListensAtASocketThatWasLeftBehind() throws InterruptedException, IOException {
    Path left = directory.resolve("left.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(left));
    }
    try (WorkloadApiIdentities others = identities(left)) {
      States seen = new States(others);
      others.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));

      String why = seen.awaitUnreachable(Identities.AGENT, "Connection refused").why();
      assertTrue(why.startsWith("socket '" + left + "' does not answer: "), why);
    }
  }

  @Test
  void saysThatAFileIsNoSocket() throws InterruptedException {
    try (WorkloadApiIdentities others = identities(directory)) {
      States seen = new States(others);
      others.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));

      seen.awaitUnreachable(Identities.AGENT, "Connection refused");
    }
  }

  @Test
  void findsASpireAgentThatWasRestartedAndKnowsTheSvidAgain() throws InterruptedException {
    followAgent();
    spire.nextOwn().send(own(1));
    SvidState.Issued before = states.await(Identities.AGENT, SvidState.Issued.class);

    spire.restart();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    states.await(Identities.AGENT, SvidState.Unreachable.class);
    stream.send(own(1));

    assertEquals(before, states.await(Identities.AGENT, SvidState.Issued.class));

    stream.send(own(2));

    assertEquals(1, states.awaitSerial(Identities.AGENT, "2").rotations());
  }

  @Test
  void saysWhatAnUnavailableSpireAgentSaid() throws InterruptedException {
    followAgent();
    spire.nextOwn().end(Status.UNAVAILABLE.withDescription("workload attestation failed"));

    assertEquals(
        "socket '" + spire.publicSocket() + "' answered UNAVAILABLE: workload attestation failed",
        states.awaitUnreachable(Identities.AGENT, "answered").why());

    spire.nextOwn().send(own(1));

    states.await(Identities.AGENT, SvidState.Issued.class);
  }

  @Test
  void keepsTheStateWhenTheServerEndsTheStreamInPeace() throws InterruptedException {
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    stream.send(own(1));
    stream.end(Status.OK);
    FakeWorkloadApi.Stream next = spire.nextOwn();
    next.send(own(2));
    states.awaitSerial(Identities.AGENT, "2");

    assertEquals(
        List.of("1", "2"),
        states.ofAgent().stream()
            .map(state -> assertInstanceOf(SvidState.Issued.class, state).serial())
            .toList());
  }

  @Test
  void saysThatTheRequestWasRefusedAndTriesAgainLater() throws InterruptedException {
    followAgent();
    spire
        .nextOwn()
        .end(Status.INVALID_ARGUMENT.withDescription("security header missing from request"));
    states.awaitUnreachable(
        Identities.AGENT, "answered INVALID_ARGUMENT: security header missing from request");

    spire.nextOwn().end(Status.UNIMPLEMENTED.withDescription("unknown service"));
    states.awaitUnreachable(Identities.AGENT, "answered UNIMPLEMENTED: unknown service");

    spire.nextOwn().send(own(1));
    states.await(Identities.AGENT, SvidState.Issued.class);
  }

  @Test
  void reportsMalformedMessagesAndKeepsTheStream() throws InterruptedException {
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    String id = AGENT.expected().toString();

    stream.send(new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3});
    states.awaitUnreachable(Identities.AGENT, "the message cannot be decoded");

    stream.send(FakeWorkloadApi.own(id, "no certificate".getBytes(UTF_8)));
    states.awaitUnreachable(Identities.AGENT, "the certificate cannot be used");

    stream.send(FakeWorkloadApi.own(id, new byte[0]));
    states.awaitUnreachable(Identities.AGENT, "the certificate cannot be used");

    stream.send(FakeWorkloadApi.own(id, leaf(WEB, 1)));
    states.awaitUnreachable(Identities.AGENT, "names [" + WEB + "] instead");

    stream.send(FakeWorkloadApi.own("spiffe://", leaf(WEB, 1)));
    states.awaitUnreachable(Identities.AGENT, "'spiffe://' is no SPIFFE ID");

    stream.send(own(1));
    states.await(Identities.AGENT, SvidState.Issued.class);
  }

  @Test
  void keepsAnSvidThroughAMalformedMessage() throws InterruptedException {
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    stream.send(own(1));
    stream.send(new byte[] {(byte) 0xff, (byte) 0xff});
    stream.send(own(2));
    states.awaitSerial(Identities.AGENT, "2");

    assertEquals(2, states.ofAgent().size(), () -> states.ofAgent().toString());
  }

  @Test
  void takesTheExpectedOneOfSeveralSvids() throws InterruptedException {
    followAgent();
    spire.nextOwn().send(own(WEB, 5).toBuilder().mergeFrom(own(6)).build());

    assertEquals("6", states.await(Identities.AGENT, SvidState.Issued.class).serial());
  }

  @Test
  void saysWhichSvidsCameInsteadOfTheExpectedOne() throws InterruptedException {
    followAgent();
    spire.nextOwn().send(own(WEB, 5).toBuilder().mergeFrom(own(WEB + "2", 6)).build());

    assertEquals(
        new SvidState.Unexpected(List.of(SpiffeId.parse(WEB), SpiffeId.parse(WEB + "2"))),
        states.await(Identities.AGENT, SvidState.Unexpected.class));
  }

  @Test
  void takesAnEmptyListAsTheCompleteState() throws InterruptedException {
    followAgent();
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    stream.send(own(1));
    stream.send(X509SVIDResponse.getDefaultInstance());

    states.await(Identities.AGENT, SvidState.None.class);
  }

  @Test
  void takesTheLeafOfAChain() throws InterruptedException {
    followAgent();
    byte[] leaf = leaf(AGENT.expected().toString(), 9);
    byte[] root = certificates.root(NOW);
    byte[] chain = Arrays.copyOf(leaf, leaf.length + root.length);
    System.arraycopy(root, 0, chain, leaf.length, root.length);
    spire.nextOwn().send(FakeWorkloadApi.own(AGENT.expected().toString(), chain));

    assertEquals("9", states.await(Identities.AGENT, SvidState.Issued.class).serial());
  }

  @Test
  void asksForOthersOnlyWhileTheAgentHasItsOwn()
      throws InterruptedException, InvalidProtocolBufferException {
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT, "web", WEB_PROXY)));
    FakeWorkloadApi.Stream own = spire.nextOwn();
    states.awaitUnreachable("web", "waits for the agent's own SVID");
    assertTrue(spire.noDelegated());

    own.send(own(1));
    FakeWorkloadApi.Stream stream = spire.nextDelegated();

    SubscribeToX509SVIDsRequest request = SubscribeToX509SVIDsRequest.parseFrom(stream.request());
    assertEquals(
        List.of("systemd id:meshx-proxy-web.service", "unix uid:998"),
        request.getSelectorsList().stream().map(s -> s.getType() + " " + s.getValue()).toList());

    stream.send(web(3));
    assertEquals("3", states.await("web", SvidState.Issued.class).serial());

    own.end(Status.PERMISSION_DENIED.withDescription("no identity issued"));
    stream.awaitCancelled();
    states.awaitUnreachable("web", "waits for the agent's own SVID");
  }

  @Test
  void neverAsksForOthersWhenTheAgentsOwnIsNotFollowed() throws InterruptedException {
    identities.follow(new TreeMap<>(Map.of("web", WEB_PROXY)));

    states.awaitUnreachable("web", "waits for the agent's own SVID");
    assertTrue(spire.noDelegated());
  }

  @Test
  void followsTheSvidOfAProxyThroughItsWholeLife() throws InterruptedException {
    followProxy();
    FakeWorkloadApi.Stream stream = spire.nextDelegated();
    stream.send(SubscribeToX509SVIDsResponse.getDefaultInstance());

    assertEquals(
        new SvidState.None("no SVID for selectors systemd:id:meshx-proxy-web.service unix:uid:998"),
        states.await("web", SvidState.None.class));

    stream.send(web(1));
    states.awaitSerial("web", "1");
    stream.send(web(2));
    assertEquals(1, states.awaitSerial("web", "2").rotations());

    stream.send(FakeWorkloadApi.delegated("example.org", "/db", leaf(WEB, 4)));
    assertEquals(
        new SvidState.Unexpected(List.of(SpiffeId.parse("spiffe://example.org/db"))),
        states.await("web", SvidState.Unexpected.class));
  }

  @Test
  void saysThatTheAgentIsNoDelegateAndAsksAgain() throws InterruptedException {
    followProxy();
    spire
        .nextDelegated()
        .end(
            Status.PERMISSION_DENIED.withDescription(
                "caller not configured as an authorized delegate"));

    states.awaitUnreachable(
        "web",
        "does not let the agent ask for others: caller not configured as an authorized delegate");

    spire.nextDelegated().send(web(1));
    states.await("web", SvidState.Issued.class);
  }

  @Test
  void opensNoSecondStreamWhenTheSameIsFollowedAgain() throws InterruptedException {
    FakeWorkloadApi.Stream own = followProxy();
    FakeWorkloadApi.Stream web = spire.nextDelegated();

    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT, "web", WEB_PROXY)));
    own.send(own(2));
    web.send(web(2));
    states.awaitSerial(Identities.AGENT, "2");
    states.awaitSerial("web", "2");

    assertTrue(spire.noDelegated());
  }

  @Test
  void endsTheStreamOfWhatIsFollowedNoLonger() throws InterruptedException {
    followProxy();
    FakeWorkloadApi.Stream web = spire.nextDelegated();

    followAgent();

    web.awaitCancelled();
    assertFalse(identities.observe().containsKey("web"));
  }

  @Test
  void endsAllStreamsWhenClosed() throws InterruptedException {
    FakeWorkloadApi.Stream own = followProxy();
    FakeWorkloadApi.Stream web = spire.nextDelegated();

    identities.close();

    own.awaitCancelled();
    web.awaitCancelled();
    assertEquals(Map.of(), identities.observe());
  }

  @Test
  void neverDecodesAPrivateKey() {
    X509SVIDResponse message = own(1);
    assertArrayEquals(
        "a private key".getBytes(UTF_8),
        message
            .getSvids(0)
            .getUnknownFields()
            .getField(3)
            .getLengthDelimitedList()
            .getFirst()
            .toByteArray(),
        "the message that is sent has a key");

    X509SVIDResponse[] parsed = new X509SVIDResponse[1];
    Answer.marshaller(
            X509SVIDResponse.parser(),
            decoded -> {
              parsed[0] = decoded;
              return List.of();
            })
        .parse(message.toByteString().newInput());

    assertEquals(Map.of(), parsed[0].getSvids(0).getUnknownFields().asMap());
    assertEquals(message.getSvids(0).getX509Svid(), parsed[0].getSvids(0).getX509Svid());
  }
}
