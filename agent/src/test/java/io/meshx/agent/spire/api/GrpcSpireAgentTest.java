// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Attributes;
import io.grpc.Server;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.proto.health.HealthCheckRequest;
import io.meshx.agent.proto.health.HealthCheckResponse;
import io.meshx.agent.proto.health.HealthCheckResponse.ServingStatus;
import io.meshx.agent.proto.health.HealthGrpc;
import io.meshx.agent.proto.spire.SPIFFEID;
import io.meshx.agent.proto.spire.debug.DebugGrpc;
import io.meshx.agent.proto.spire.debug.GetInfoRequest;
import io.meshx.agent.proto.spire.debug.GetInfoResponse;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.AgentHealth;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GrpcSpireAgentTest {
  private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
  private static final SpiffeId ID = SpiffeId.parse("spiffe://example.org/spire/agent/x");

  @TempDir Path directory;
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final UnixSockets sockets = new UnixSockets();
  private final List<Server> servers = new ArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();
  private ServingStatus serving = ServingStatus.SERVING;
  private GrpcSpireAgent agent;

  @BeforeEach
  void start() throws IOException {
    agent = new GrpcSpireAgent(sockets, socket("api"), socket("admin"), () -> NOW);
    listen();
  }

  @AfterEach
  void end() {
    agent.close();
    sockets.close();
    servers.forEach(Server::shutdownNow);
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private Path socket(String name) {
    return directory.resolve(name + ".sock");
  }

  private void listen() throws IOException {
    for (String name : List.of("api", "admin")) {
      servers.add(
          NettyServerBuilder.forAddress(new DomainSocketAddress(socket(name).toString()))
              .channelType(EpollServerDomainSocketChannel.class)
              .bossEventLoopGroup(group)
              .workerEventLoopGroup(group)
              .directExecutor()
              .addTransportFilter(
                  new ServerTransportFilter() {
                    @Override
                    public Attributes transportReady(Attributes attributes) {
                      connections.incrementAndGet();
                      return attributes;
                    }
                  })
              .addService(new Debug())
              .addService(new Health())
              .build()
              .start());
    }
  }

  private static AgentHealth answers(boolean serving) {
    return new AgentHealth.Answers(
        NOW, ID, NOW.plusSeconds(60), Duration.ofSeconds(9), Optional.of(NOW), serving);
  }

  @Test
  void oneConnectionToEachSocketServesAllLooks() {
    assertEquals(answers(true), agent.observe());
    serving = ServingStatus.NOT_SERVING;
    assertEquals(answers(false), agent.observe());

    assertEquals(2, connections.get());
  }

  @Test
  void aSocketThatIsAnotherOneIsConnectedToThoughTheFirstAnswersStill() throws IOException {
    agent.observe();
    for (String name : List.of("api", "admin")) {
      Files.move(socket(name), socket(name + "-away"));
    }
    listen();
    assertEquals(answers(true), agent.observe());

    assertEquals(4, connections.get());
  }

  @Test
  void aSocketThatSomebodyTookAwayIsNamedThoughItsServerAnswersStill() throws IOException {
    agent.observe();
    Files.move(socket("api"), socket("api-away"));
    assertEquals(new AgentHealth.WithoutSocket(socket("api")), agent.observe());
    Files.move(socket("api-away"), socket("api"));
    assertEquals(answers(true), agent.observe());
  }

  @Test
  void aServerThatHasEndedIsSilentUntilThereIsAnother() throws Exception {
    agent.observe();
    List<Path> stale = List.of(socket("api"), socket("admin"));
    for (Path each : stale) {
      // As one that was killed leaves it.
      Files.createLink(each.resolveSibling("kept-" + each.getFileName()), each);
    }
    for (Server server : servers) {
      server.shutdownNow().awaitTermination();
    }
    for (Path each : stale) {
      Files.deleteIfExists(each);
      Files.move(each.resolveSibling("kept-" + each.getFileName()), each);
    }
    assertEquals(new AgentHealth.Silent(), agent.observe());

    for (Path each : stale) {
      Files.delete(each);
    }
    listen();
    assertEquals(answers(true), agent.observe());
  }

  private static final class Debug extends DebugGrpc.DebugImplBase {
    @Override
    public void getInfo(GetInfoRequest request, StreamObserver<GetInfoResponse> observer) {
      observer.onNext(
          GetInfoResponse.newBuilder()
              .addSvidChain(
                  GetInfoResponse.Cert.newBuilder()
                      .setId(
                          SPIFFEID
                              .newBuilder()
                              .setTrustDomain(ID.trustDomain().text())
                              .setPath(ID.path()))
                      .setExpiresAt(NOW.plusSeconds(60).getEpochSecond()))
              .setUptime(9)
              .setLastSyncSuccess(NOW.getEpochSecond())
              .build());
      observer.onCompleted();
    }
  }

  private final class Health extends HealthGrpc.HealthImplBase {
    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
      observer.onNext(HealthCheckResponse.newBuilder().setStatus(serving).build());
      observer.onCompleted();
    }
  }
}
