// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ConnectTest {
  /** The address is made the host's own, and a listener plays the proxy behind the redirect. */
  private static final String ANSWERED =
      "ip link set lo up; ip address add 192.0.2.2/32 dev lo;"
          + " python3 -c 'import socket; s=socket.create_server((\"\", 1404));"
          + " print(\"up\", flush=True); s.accept()' >\"$1\" & while ! [ -s \"$1\" ]; do :;"
          + " done";

  private String mode = "open";
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private int run(String... args) {
    return Connect.run(args, new PrintStream(out, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aConnectionToEachAddressIsSuccess() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
      String port = Integer.toString(server.getLocalPort());
      assertEquals(0, run("open", port, "127.0.0.1", "127.0.0.1"));
      assertEquals("", said());
    }
  }

  @Test
  void oneRefusedConnectionIsFailure() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
      String port = Integer.toString(server.getLocalPort());
      assertEquals(1, run("open", port, "127.0.0.1", "127.0.0.2"));
      assertEquals(
          "not redirected: connecting to 127.0.0.2 port " + port + ": Connection refused\n",
          said());
    }
  }

  @Test
  void aClosedWorkloadWaitsForItsRedirect() throws Exception {
    // A listener whose queue is full drops a SYN, like a packet filter before the redirect is in.
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
        Queue queue = Queue.fill(server)) {
      mode = "closed";
      FutureTask<Integer> probe =
          new FutureTask<>(() -> run(mode, Integer.toString(server.getLocalPort()), "127.0.0.1"));
      Thread.ofVirtual().start(probe);
      queue.drain();
      // Past the connection it finds that a datagram to this address leaves.
      assertEquals(1, probe.get());
      assertTrue(said().startsWith("not closed: a datagram to 127.0.0.1 left the host; "), said());
    }
  }

  @Test
  void aClosedWorkloadWithoutARedirectSaysSo() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
        Queue _ = Queue.fill(server)) {
      String port = Integer.toString(server.getLocalPort());
      assertEquals(Connect.NO_REDIRECT, run("closed", port, "127.0.0.1"));
      assertTrue(said().startsWith("not redirected: connecting to 127.0.0.1 port "), said());
    }
  }

  /** Connections that nobody has accepted, as many as a listener keeps. */
  private record Queue(ServerSocket server, List<Socket> waiting) implements AutoCloseable {
    static Queue fill(ServerSocket server) throws IOException {
      ArrayList<Socket> waiting = new ArrayList<>();
      while (true) {
        Socket next = new Socket();
        try {
          next.connect(server.getLocalSocketAddress(), 100);
          waiting.add(next);
        } catch (SocketTimeoutException e) {
          next.close();
          return new Queue(server, waiting);
        }
      }
    }

    void drain() throws IOException {
      for (Socket _ : waiting) {
        server.accept().close();
      }
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @Test
  void withoutAnyRouteNothingIsProven() throws IOException, InterruptedException {
    assertEquals(1, runInNamespace("ip link set lo up"));
    assertEquals(
        List.of(
            "no route to 192.0.2.2, so nothing can leave that way: Network is unreachable",
            "no route to 2001:db8::2, so nothing can leave that way: Network is unreachable",
            "no address has a route, so the redirect cannot be proven; add a default route"),
        said().lines().toList());
  }

  @Test
  void aFamilyWithoutARouteIsPassedOver() throws IOException, InterruptedException {
    assertEquals(1, runInNamespace("ip link set lo up; ip route add default dev lo"));
    assertTrue(said().startsWith("not redirected: connecting to 192.0.2.2 port 1404: "), said());
    assertTrue(said().contains("no route to 2001:db8::2, so nothing can leave that way"), said());
  }

  @Test
  void aLocalAnswerInOneFamilyIsEnoughIfTheOtherHasNoRoute()
      throws IOException, InterruptedException {
    assertEquals(0, runInNamespace(ANSWERED), said());
  }

  @Test
  void aClosedWorkloadThatCanSendADatagramIsNotClosed() throws IOException, InterruptedException {
    mode = "closed";
    assertEquals(1, runInNamespace(ANSWERED));
    assertTrue(said().startsWith("not closed: a datagram to 192.0.2.2 left the host; "), said());
  }

  @Tag("root") // It needs nft, which make check does not install.
  @Test
  void aClosedWorkloadWhoseDatagramsAreRefusedIsClosed() throws IOException, InterruptedException {
    mode = "closed";
    // Dropped in the output hook is EPERM too, as by a packet filter of the control group.
    String refused =
        "; nft add table inet t; nft 'add chain inet t o { type filter hook output priority 0; }';"
            + " nft add rule inet t o meta l4proto udp drop";
    assertEquals(0, runInNamespace(ANSWERED + refused), said());
  }

  /** Runs the program in a network namespace of its own, which a command prepares. */
  private int runInNamespace(String prepare) throws IOException, InterruptedException {
    Path marker = java.nio.file.Files.createTempFile("meshx", ".up");
    List<String> argv =
        new ArrayList<>(
            List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--net",
                "sh",
                "-c",
                prepare + "\nshift; exec \"$@\"",
                "sh",
                marker.toString()));
    argv.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            Path.of("target/classes").toAbsolutePath().toString(),
            Connect.class.getName(),
            mode,
            "1404",
            "192.0.2.2",
            "2001:db8::2"));
    ProcessBuilder builder = new ProcessBuilder(argv).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    process.getInputStream().transferTo(out);
    int status = process.waitFor();
    java.nio.file.Files.delete(marker);
    return status;
  }
}
