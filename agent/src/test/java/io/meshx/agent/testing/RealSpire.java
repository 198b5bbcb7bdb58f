// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.spire.AgentConfiguration;
import io.meshx.agent.spire.NodeAttestor;
import io.meshx.agent.spire.Registrations;
import io.meshx.agent.spire.ServerConfiguration;
import io.meshx.agent.spire.SpirePaths;
import io.meshx.agent.spire.SpireVersion;
import io.meshx.agent.unit.OurUnits;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A real spire-server and spire-agent as plain processes, on loopback and below one directory, with
 * the configuration that the product writes. Outside systemd the agent's systemd attestor finds
 * nothing, so entries select users only.
 */
public final class RealSpire implements AutoCloseable {
  /** The trust domain. */
  public static final TrustDomain DOMAIN = new TrustDomain("root.linkerd.cluster.local");

  /** The host. */
  public static final Registrations HOST = new Registrations(DOMAIN, new WorkloadName("vm-1"));

  private static final long PATIENCE_SECONDS = 30;

  private final Path directory;
  private final SpirePaths paths;
  private final Port port;
  private final TestCertificates certificates = new TestCertificates();
  private final List<Process> running = new ArrayList<>();
  private final List<ServerSocket> listening = new ArrayList<>();

  /** Prepares directories, a trust anchor and configuration; starts nothing. */
  public RealSpire(Path directory, Duration svidTtl) throws IOException {
    this.directory = directory;
    this.paths =
        new SpirePaths(
            directory.resolve("run"), directory.resolve("state"), directory.resolve("creds"));
    this.port = freePort();
    for (Path made :
        List.of(
            paths.publicSocket().resolveSibling(""),
            paths.adminSocket().resolveSibling(""),
            paths.serverSocket().resolveSibling(""),
            paths.agentData(),
            paths.serverData(),
            credential(OurUnits.SPIRE_AGENT.text(), ""),
            credential(OurUnits.SPIRE_SERVER.text(), ""))) {
      Files.createDirectories(made);
    }
    String anchor = TestCertificates.pem("CERTIFICATE", certificates.root(Instant.now()));
    Files.writeString(credential(OurUnits.SPIRE_SERVER.text(), "trust-anchor.crt"), anchor);
    Files.writeString(credential(OurUnits.SPIRE_AGENT.text(), "trust-bundle.pem"), anchor);
    Files.writeString(
        credential(OurUnits.SPIRE_SERVER.text(), "trust-anchor.key"),
        TestCertificates.pem("PRIVATE KEY", certificates.rootKey()));
    Files.writeString(
        paths.serverConfiguration(), new ServerConfiguration(DOMAIN, port, svidTtl).text(paths));
    configureAgent(true);
  }

  /** Where everything is. */
  public SpirePaths paths() {
    return paths;
  }

  /** Writes the agent's configuration. */
  public void configureAgent(boolean withToken) throws IOException {
    configureAgent(new NodeAttestor.JoinToken(directory.resolve("token")), withToken);
  }

  /** Writes the agent's configuration for an attestor, whose files are handed to it. */
  public void configureAgent(NodeAttestor attestor) throws IOException {
    for (Map.Entry<String, Path> file : attestor.files().entrySet()) {
      Files.copy(file.getValue(), credential(OurUnits.SPIRE_AGENT.text(), file.getKey()));
    }
    configureAgent(attestor, false);
  }

  private void configureAgent(NodeAttestor attestor, boolean withToken) throws IOException {
    Files.writeString(
        paths.agentConfiguration(),
        new AgentConfiguration(
                DOMAIN,
                HostPort.parse("127.0.0.1:" + port),
                new SpireVersion(1, 15, 3),
                attestor,
                HOST.agentId(),
                withToken,
                Optional.of(Duration.ofSeconds(1)))
            .text(paths));
  }

  /** Puts the join token where systemd would. */
  public void token(String token) throws IOException {
    Files.writeString(credential(OurUnits.SPIRE_AGENT.text(), "join-token"), token);
  }

  /** Replaces the trust bundle by one that has nothing to do with the server. */
  public void wrongBundle() throws IOException {
    Files.writeString(
        credential(OurUnits.SPIRE_AGENT.text(), "trust-bundle.pem"),
        TestCertificates.pem("CERTIFICATE", new TestCertificates().root(Instant.now())));
  }

  /** Has the program say whether it takes its configuration; gives what it printed. */
  public String validate(String program) throws IOException, InterruptedException {
    Path configuration =
        program.equals("spire-agent") ? paths.agentConfiguration() : paths.serverConfiguration();
    Process process = start(program, "validate", configuration, log("validate"));
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError(program + " validate does not end");
    }
    return "status " + process.exitValue() + ": " + Files.readString(log("validate")).strip();
  }

  /** Starts the server and waits for its socket. */
  public Process startServer() throws IOException, InterruptedException {
    Process process =
        start("spire-server", "run", paths.serverConfiguration(), log("spire-server"));
    await(process, "spire-server", paths.serverSocket());
    return process;
  }

  /** Ends the servers that were started. */
  public void stopServer() throws InterruptedException {
    for (Process process : running) {
      stop(process);
    }
  }

  /**
   * Listens in the server's place with a certificate of the server's name from the right root, for
   * another time, as if the clock of one of the two were wrong.
   */
  public void listenWithCertificate(Instant notBefore, Instant notAfter)
      throws IOException, GeneralSecurityException {
    byte[] leaf = certificates.leaf("spiffe://" + DOMAIN + "/spire/server", 1, notBefore, notAfter);
    ServerSocket socket =
        certificates
            .server(leaf)
            .getServerSocketFactory()
            .createServerSocket(port.number(), 1, InetAddress.getLoopbackAddress());
    listening.add(socket);
    Thread.ofPlatform().daemon().name("wrong-clock").start(() -> greet(socket));
  }

  private static void greet(ServerSocket socket) {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        client.getInputStream().transferTo(OutputStream.nullOutputStream());
      } catch (IOException e) {
        // The client does not like the certificate, or the test is over.
      }
    }
  }

  /** Starts the agent; it may take a while to have sockets. */
  public Process startAgent() throws IOException {
    return start("spire-agent", "run", paths.agentConfiguration(), log("spire-agent"));
  }

  /** Ends a process as systemd would. */
  public static void stop(Process process) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  /** What the agent has logged so far, over all its runs. */
  public List<String> agentLog() throws IOException {
    return Files.readAllLines(log("spire-agent"));
  }

  @Override
  public void close() {
    for (Process process : running) {
      process.destroyForcibly();
    }
    for (ServerSocket socket : listening) {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void await(Process process, String program, Path socket)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(socket)) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
        throw new AssertionError(program + " has no socket: " + Files.readString(log(program)));
      }
    }
  }

  private Process start(String program, String verb, Path configuration, Path log)
      throws IOException {
    Process process =
        new ProcessBuilder(program(program).toString(), verb, "-config", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    running.add(process);
    return process;
  }

  private Path log(String name) {
    return directory.resolve(name + ".log");
  }

  private Path credential(String unit, String name) {
    return paths.credentials().resolve(unit).resolve(name);
  }

  private static Path program(String name) {
    String set = System.getProperty("meshx.spire.dir", "");
    Path directory = set.isEmpty() ? cache().resolve("meshx-agent/spire-1.15.3") : Path.of(set);
    Path program = directory.resolve(name);
    if (!Files.isExecutable(program)) {
      throw new AssertionError(
          "there is no program '"
              + program
              + "'; build SPIRE 1.15.3, and name its directory with -Dmeshx.spire.dir=DIRECTORY"
              + " unless it is there");
    }
    return program;
  }

  static Path cache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    return xdg == null || xdg.isEmpty()
        ? Path.of(String.valueOf(System.getenv("HOME")), ".cache")
        : Path.of(xdg);
  }

  static Port freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new Port(socket.getLocalPort());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
