// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.Port;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real kube-apiserver with its etcd on this machine, with the resource that Linkerd defines. */
public final class RealKubernetes implements AutoCloseable {
  /** Token of somebody who may do everything. */
  public static final String ADMINISTRATOR = "administrator";

  /** Token of somebody who may do nothing. */
  public static final String NOBODY = "nobody-at-all";

  /** Token of somebody who may do everything with ExternalWorkloads, and nothing else. */
  public static final String WORKLOADS_ONLY = "workloads-only";

  private static final long PATIENCE_SECONDS = 60;
  private static final Path DEFINITION =
      Path.of("../integration-tests/src/main/resources/kubernetes/external-workload.json");

  private final Path directory;
  private final TestCertificates certificates = new TestCertificates();
  private final Port port = RealSpire.freePort();
  private final Port etcd = RealSpire.freePort();
  private final Port peers = RealSpire.freePort();
  private final List<Process> running = new ArrayList<>();
  private Process server;

  /** Starts both, and waits until the server is ready and knows the resource. */
  public RealKubernetes(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    Instant now = Instant.now();
    Files.writeString(authority(), TestCertificates.pem("CERTIFICATE", certificates.root(now)));
    Files.writeString(
        directory.resolve("server.pem"),
        TestCertificates.pem("CERTIFICATE", certificates.loopbackServer(now)));
    Files.writeString(
        directory.resolve("server.key"),
        TestCertificates.pem("PRIVATE KEY", certificates.leafKey()));
    Files.writeString(
        directory.resolve("tokens.csv"),
        ADMINISTRATOR
            + ",admin,1,\"system:masters\"\n"
            + NOBODY
            + ",nobody,2\n"
            + WORKLOADS_ONLY
            + ",clerk,3\n");
    start(
        Path.of("/usr/bin/etcd"),
        "--data-dir=" + directory.resolve("etcd"),
        "--listen-client-urls=http://127.0.0.1:" + etcd,
        "--advertise-client-urls=http://127.0.0.1:" + etcd,
        "--listen-peer-urls=http://127.0.0.1:" + peers,
        "--initial-advertise-peer-urls=http://127.0.0.1:" + peers,
        "--initial-cluster=default=http://127.0.0.1:" + peers);
    server = startServer();
    kubectl(Files.readString(DEFINITION), "create", "--filename=-");
    kubectl("", "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all");
    // It serves them a little later.
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (run("", "get", "externalworkloads", "--all-namespaces") != 0) {
      if (System.nanoTime() > end) {
        throw new AssertionError("the resource is not served: " + Files.readString(log("kubectl")));
      }
    }
    kubectl(
        "",
        "create",
        "clusterrole",
        "clerk",
        "--verb=*",
        "--resource=externalworkloads.workload.linkerd.io,externalworkloads.workload.linkerd.io/status");
    kubectl("", "create", "clusterrolebinding", "clerk", "--clusterrole=clerk", "--user=clerk");
  }

  private Process startServer() throws IOException, InterruptedException {
    Process started =
        start(
            program("kube-apiserver"),
            "--etcd-servers=http://127.0.0.1:" + etcd,
            "--bind-address=127.0.0.1",
            "--secure-port=" + port,
            "--tls-cert-file=" + directory.resolve("server.pem"),
            "--tls-private-key-file=" + directory.resolve("server.key"),
            "--client-ca-file=" + authority(),
            "--token-auth-file=" + directory.resolve("tokens.csv"),
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=" + directory.resolve("server.pem"),
            "--service-account-signing-key-file=" + directory.resolve("server.key"));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (run("", "get", "--raw", "/readyz") != 0) {
      if (started.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
        throw new AssertionError(
            "kube-apiserver is not ready: " + Files.readString(log("kube-apiserver")));
      }
    }
    return started;
  }

  /** Ends the server at once; etcd goes on. */
  public void stop() throws InterruptedException {
    server.destroyForcibly().waitFor();
  }

  /** Starts it again where it was. */
  public void startAgain() throws IOException, InterruptedException {
    server = startServer();
  }

  /** Where it is served. */
  public HostPort address() {
    return HostPort.parse("127.0.0.1:" + port);
  }

  /** The certificate by which it is recognised. */
  public Path authority() {
    return directory.resolve("authority.pem");
  }

  /** Writes a client certificate of somebody who may do everything, and its key. */
  public void clientCertificate(Path certificate, Path key) throws IOException {
    Files.writeString(
        certificate,
        TestCertificates.pem(
            "CERTIFICATE", certificates.named("O=system:masters,CN=vm-1", Instant.now())));
    Files.writeString(key, TestCertificates.pem("PRIVATE KEY", certificates.leafKey()));
  }

  /** Runs kubectl as the administrator; gives what it printed. */
  public String kubectl(String input, String... arguments)
      throws IOException, InterruptedException {
    int status = run(input, arguments);
    String said = Files.readString(log("kubectl"));
    if (status != 0) {
      throw new AssertionError("kubectl " + List.of(arguments) + ": " + said);
    }
    return said;
  }

  private int run(String input, String... arguments) throws IOException, InterruptedException {
    List<String> argv =
        new ArrayList<>(
            List.of(
                program("kubectl").toString(),
                "--server=https://" + address(),
                "--certificate-authority=" + authority(),
                "--token=" + ADMINISTRATOR));
    argv.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(argv)
            .redirectErrorStream(true)
            .redirectOutput(log("kubectl").toFile())
            .start();
    process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("kubectl " + List.of(arguments) + " does not end");
    }
    return process.exitValue();
  }

  private Process start(Path program, String... arguments) throws IOException {
    List<String> argv = new ArrayList<>(List.of(program.toString()));
    argv.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(argv)
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(
                    log(String.valueOf(program.getFileName())).toFile()))
            .start();
    running.add(process);
    return process;
  }

  private Path log(String name) {
    return directory.resolve(name + ".log");
  }

  private static Path program(String name) {
    Path program = RealSpire.cache().resolve("meshx-agent/kube-1.34.3").resolve(name);
    if (!Files.isExecutable(program)) {
      throw new AssertionError("there is no program '" + program + "'; run 'make tools-kube'");
    }
    return program;
  }

  @Override
  public void close() {
    running.reversed().forEach(Process::destroyForcibly);
  }
}
