// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.proxy.MetricsText;
import io.meshx.agent.proxy.ProxyEndpoint;
import io.meshx.agent.proxy.ProxyHealth;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminProxiesTest {
  private static final String INVOCATION = "0123456789abcdef0123456789abcdef";
  private static final String HEADER = "  sl  local_address rem_address   st\n";
  private static final String OUTBOUND = listener("0100007F:102C", 11);

  @TempDir Path procNet;
  private HttpServer server;
  private final Map<String, String> bodies = new ConcurrentHashMap<>();
  private int status = 200;
  private String journal = "";
  private boolean journalWorks = true;
  private final List<List<String>> commands = new ArrayList<>();
  private Instant now = Instant.parse("2027-01-01T00:00:00Z");
  private AdminProxies proxies;

  AdminProxiesTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() throws IOException {
    Commands runner =
        (argv, input) -> {
          commands.add(argv);
          if (!journalWorks) {
            throw new HostException.CommandFailed(argv, "ended with status 1", "no journal");
          }
          return journal;
        };
    proxies = new AdminProxies(runner, () -> now, procNet);
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          byte[] body = bodies.getOrDefault(path, "").getBytes(StandardCharsets.UTF_8);
          int answer = path.equals("/metrics") || bodies.containsKey(path) ? status : 503;
          exchange.sendResponseHeaders(answer, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    Files.writeString(procNet.resolve("tcp"), HEADER + OUTBOUND);
    Files.writeString(
        procNet.resolve("tcp6"), HEADER + listener("00000000000000000000000000000000:102F", 12));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private ProxyEndpoint endpoint(String invocation) {
    return new ProxyEndpoint(
        new UnitName("meshx-proxy-web.service"),
        invocation,
        new Port(4143),
        new Port(4140),
        new Port(server.getAddress().getPort()));
  }

  private static String listener(String local, int inode) {
    return "   0: %s 00000000:0000 0A 00000000:00000000 00:00000000 00000000 998 0 %d 1 0%n"
        .formatted(local, inode);
  }

  private ProxyHealth look() {
    return proxies.look(endpoint(INVOCATION));
  }

  @Test
  void aReadyProxyIsReadyWithItsVersionAndExpiry() {
    bodies.put("/metrics", MetricsText.READY);
    assertEquals(new ProxyHealth.Ready("v2.366.0", Instant.parse("2027-01-01T01:00:00Z")), look());
    assertEquals(
        List.of(
            List.of(
                "journalctl",
                "-q",
                "-o",
                "cat",
                "--no-pager",
                "-n",
                "1000",
                "_SYSTEMD_INVOCATION_ID=" + INVOCATION)),
        commands);
  }

  @Test
  void theJournalOfAReadyProxyIsReadOnceAMinute() {
    bodies.put("/metrics", MetricsText.READY);
    look();
    now = now.plus(Duration.ofSeconds(59));
    look();
    assertEquals(1, commands.size());
    now = now.plus(Duration.ofSeconds(1));
    journal = "thread 'main' panicked at linkerd/x.rs:1\n";
    assertInstanceOf(ProxyHealth.Zombie.class, look());
    assertEquals(2, commands.size());
  }

  @Test
  void anotherInvocationStartsAfresh() {
    bodies.put("/metrics", MetricsText.READY);
    journal = "thread 'main' panicked at linkerd/x.rs:1\n";
    assertInstanceOf(ProxyHealth.Zombie.class, look());
    journal = "";
    assertInstanceOf(
        ProxyHealth.Ready.class, proxies.look(endpoint("ffffffffffffffffffffffffffffffff")));
  }

  @Test
  void whileItWaitsForItsCertificateTheJournalIsLeftAlone() {
    bodies.put("/metrics", MetricsText.STARTING);
    assertEquals(
        new ProxyHealth.NotReady(
            List.of(
                "no certificate yet",
                "policy service not reached: 0 endpoints ready",
                "destination service not reached: 0 endpoints ready")),
        look());
    assertEquals(List.of(), commands);
  }

  @Test
  void aZombieIsFoundByItsReadyWithoutACertificate() {
    bodies.put("/metrics", MetricsText.STARTING);
    bodies.put("/ready", "ready\n");
    // As linkerd2-proxy v2.366 writes it when it finds no socket at its start.
    journal =
        """
        {"level":"INFO","fields":{"message":"Tap DISABLED"},"target":"linkerd2_proxy"}
        thread 'admin' (423) panicked at linkerd/proxy/spire-client/src/lib.rs:35:14:
        spire client must gracefully handle errors: No such file or directory
        note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
        thread 'admin' (423) panicked at linkerd/app/src/identity.rs:166:39:
        identity sender must be held: RecvError(())
        """;
    assertEquals(
        new ProxyHealth.Zombie(
            "thread 'admin' (423) panicked at linkerd/proxy/spire-client/src/lib.rs:35:14:"
                + " spire client must gracefully handle errors: No such file or directory"),
        look());
  }

  @Test
  void missingListenersAreTold() throws IOException {
    bodies.put("/metrics", MetricsText.READY);
    Files.writeString(procNet.resolve("tcp"), HEADER);
    Files.delete(procNet.resolve("tcp6"));
    assertEquals(
        new ProxyHealth.NotReady(
            List.of("nothing listens on the inbound port", "nothing listens on the outbound port")),
        look());
    Files.writeString(procNet.resolve("tcp"), HEADER + OUTBOUND + listener("0100007F:102F", 12));
    assertInstanceOf(ProxyHealth.Ready.class, look());
  }

  @Test
  void aVersionThatCannotWorkWithSpireIsRefused() {
    bodies.put("/metrics", MetricsText.READY.replace("2.366.0", "2.330.0"));
    assertEquals("v2.330.0", assertInstanceOf(ProxyHealth.Refused.class, look()).version());
  }

  @Test
  void anAdminPortThatAPolicyClosesIsToldAsSuch() {
    status = 403;
    assertEquals(new ProxyHealth.AdminClosedByPolicy(403), look());
    status = 404;
    assertEquals(new ProxyHealth.AdminClosedByPolicy(404), look());
    status = 500;
    assertEquals(new ProxyHealth.Unreachable("/metrics answered with status 500"), look());
  }

  @Test
  void aJournalThatCannotBeReadHoldsBackUntilItWasReadOnce() {
    bodies.put("/metrics", MetricsText.READY);
    journalWorks = false;
    assertEquals(1, assertInstanceOf(ProxyHealth.NotReady.class, look()).missing().size());
    journalWorks = true;
    assertInstanceOf(ProxyHealth.Ready.class, look());
    journalWorks = false;
    now = now.plus(Duration.ofMinutes(2));
    assertInstanceOf(ProxyHealth.Ready.class, look());
  }

  @Test
  void nobodyOnTheAdminPortIsUnreachable() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    ProxyEndpoint nobody =
        new ProxyEndpoint(
            new UnitName("meshx-proxy-web.service"),
            INVOCATION,
            new Port(4143),
            new Port(4140),
            new Port(port));
    assertEquals(
        new ProxyHealth.Unreachable("admin port 127.0.0.1:" + port + ": Connection refused"),
        proxies.look(nobody));
  }

  @Test
  void aServerThatSpeaksSomethingElseOrNothingIsUnreachable()
      throws IOException, InterruptedException {
    try (ServerSocket other = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread answering =
          Thread.ofVirtual()
              .start(() -> {
                try (var socket = other.accept()) {
                  socket
                      .getOutputStream()
                      .write("SSH-2.0-x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                  socket.shutdownOutput();
                  socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      ProxyEndpoint there =
          new ProxyEndpoint(
              new UnitName("meshx-proxy-web.service"),
              INVOCATION,
              new Port(4143),
              new Port(4140),
              new Port(other.getLocalPort()));
      ProxyHealth answer = proxies.look(there);
      answering.join();
      assertTrue(answer.toString().contains("the answer is no HTTP"), answer.toString());
      // Now nobody accepts: the connection is made and nothing ever comes.
      assertInstanceOf(ProxyHealth.Unreachable.class, proxies.look(there));
    }
  }
}
