// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.meshx.agent.health.Health;
import io.meshx.agent.health.HealthContract;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.health.Target;
import io.meshx.agent.health.Verdict;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.proto.health.HealthCheckRequest;
import io.meshx.agent.proto.health.HealthCheckResponse;
import io.meshx.agent.proto.health.HealthGrpc;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.testing.RecordedCommands;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Probes of servers on loopback. */
final class LocalHealthTest extends HealthContract {
  private static final IpAddress LOOPBACK = IpAddress.parse("127.0.0.1");

  private final UnixSockets sockets = new UnixSockets();
  private final AtomicInteger status = new AtomicInteger();
  private final RecordedCommands commands = new RecordedCommands(this::ran);
  private final LocalHealth health = new LocalHealth(commands, sockets, InstantSource.system());
  private Port port = new Port(1);
  private @Nullable ServerSocket server;

  @BeforeEach
  void choose() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = new Port(free.getLocalPort());
    }
  }

  @AfterEach
  void close() throws IOException {
    health.close();
    sockets.close();
    serve(false);
  }

  @Override
  protected Health health() {
    return health;
  }

  @Override
  protected Target target() {
    return new Target.Tcp(LOOPBACK, port);
  }

  @Override
  protected void serve(boolean whether) throws IOException {
    ServerSocket there = server;
    if (there != null) {
      there.close();
      server = null;
    }
    if (whether) {
      ServerSocket made = new ServerSocket();
      made.setReuseAddress(true);
      made.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port.number()));
      server = made;
    }
  }

  private String ran(List<String> argv, String input) throws HostException.CommandFailed {
    if (status.get() != 0) {
      throw new HostException.CommandFailed(argv, status.get(), "inactive\n", "");
    }
    return "";
  }

  private void follow(Target target) {
    health.follow(new TreeMap<>(Map.of(WEB, watched("of " + target, target))));
  }

  private String untilFailing() throws InterruptedException {
    ProbeState state = until(HealthContract::failing);
    return state.verdict() instanceof Verdict.Failing(String why) ? why : "";
  }

  @Test
  void aConnectionThatIsRefusedIsSaidToBe() throws Exception {
    follow(target());

    assertTrue(untilFailing().contains("refused"));
  }

  @Test
  void aWebServerIsAskedForItsStatus() throws Exception {
    status.set(302);
    HttpServer web =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.createContext(
        "/healthz",
        exchange -> {
          exchange.sendResponseHeaders(status.get(), -1);
          exchange.close();
        });
    web.start();
    try {
      follow(
          new Target.Http(
              URI.create("http://127.0.0.1:" + web.getAddress().getPort() + "/healthz")));
      until(HealthContract::passing);

      status.set(503);
      assertEquals("HTTP 503", untilFailing());
    } finally {
      web.stop(0);
    }
  }

  @Test
  void aServerOfGrpcIsAskedForItsServices() throws Exception {
    Server grpc =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                new HealthGrpc.HealthImplBase() {
                  @Override
                  public void check(
                      HealthCheckRequest request, StreamObserver<HealthCheckResponse> to) {
                    to.onNext(
                        HealthCheckResponse.newBuilder()
                            .setStatus(
                                request.getService().equals("orders")
                                    ? HealthCheckResponse.ServingStatus.SERVING
                                    : HealthCheckResponse.ServingStatus.NOT_SERVING)
                            .build());
                    to.onCompleted();
                  }
                })
            .build()
            .start();
    try {
      Port served = new Port(grpc.getPort());
      follow(new Target.Grpc(LOOPBACK, served, "orders"));
      until(HealthContract::passing);

      follow(new Target.Grpc(LOOPBACK, served, ""));
      assertEquals("NOT_SERVING", untilFailing());
    } finally {
      grpc.shutdownNow();
    }
    follow(new Target.Grpc(LOOPBACK, port, "gone"));
    assertTrue(untilFailing().contains("UNAVAILABLE"));
  }

  @Test
  void aProgramRunsHeldAsTheWorkloadIs() throws Exception {
    follow(new Target.Exec(List.of("/usr/bin/pg_isready", "-q"), Optional.empty()));
    until(HealthContract::passing);

    assertEquals(
        "systemd-run --quiet --wait --pipe --collect --unit=meshx_check-web-0.service"
            + " --service-type=exec --slice=meshx-workload.slice --property=NoNewPrivileges=yes"
            + " --property=TimeoutStopSec=1 --property=RuntimeMaxSec=5000ms -- /usr/bin/pg_isready"
            + " -q",
        commands.operations().getFirst());
  }

  @Test
  void aUnitIsAskedAfter() throws Exception {
    status.set(3);
    follow(new Target.Active(new UnitName("web.socket")));

    assertEquals("inactive", untilFailing());
  }
}
