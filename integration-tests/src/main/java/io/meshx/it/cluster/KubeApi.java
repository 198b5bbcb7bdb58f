// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cluster;

import com.google.gson.Gson;
import io.meshx.it.cache.Cache;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A real kube-apiserver with its etcd in the cluster, and kubectl as its administrator. */
public final class KubeApi implements AutoCloseable {
  public static final int PORT = 6443;

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String ETCD = "/usr/bin/etcd";
  private static final String TOKEN = "lab-administrator";
  private static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

  private final Cluster cluster;
  private final Path directory;
  private final Daemon etcd;
  private Daemon server;

  private KubeApi(Cluster cluster, Pki pki) {
    this.cluster = cluster;
    this.directory = cluster.directory("kubernetes");
    pki.issue(Duration.ofDays(30), "localhost", Cluster.GATEWAY.ipv4())
        .write(directory.resolve("server.pem"), directory.resolve("server.key"));
    pki.issue(Duration.ofDays(30), "service-account")
        .write(directory.resolve("accounts.pem"), directory.resolve("accounts.key"));
    write("anchors.pem", pki.anchor().certificatePem());
    write("tokens.csv", TOKEN + ",lab,1,\"system:masters\"\n");
    write(
        "kubeconfig",
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: lab
          cluster: {server: "https://localhost:%d", certificate-authority: "%s"}
        users:
        - name: lab
          user: {token: "%s"}
        contexts:
        - name: lab
          context: {cluster: lab, user: lab}
        current-context: lab
        """
            .formatted(PORT, directory.resolve("anchors.pem"), TOKEN));
    this.etcd =
        cluster.start(
            "etcd",
            List.of(
                ETCD,
                "--data-dir=" + directory.resolve("etcd"),
                "--listen-client-urls=http://127.0.0.1:2379",
                "--advertise-client-urls=http://127.0.0.1:2379",
                "--listen-peer-urls=http://127.0.0.1:2380",
                "--initial-advertise-peer-urls=http://127.0.0.1:2380",
                "--initial-cluster=default=http://127.0.0.1:2380"),
            Map.of());
    this.server = startServer();
  }

  /**
   * Starts both, and waits until the server is ready. It has no resource that Kubernetes itself
   * does not define.
   *
   * @throws LabException when one is missing or does not get ready
   */
  public static KubeApi start(Cluster cluster, Pki pki) {
    if (!Files.isExecutable(Path.of(ETCD))) {
      throw new LabException("looking for '" + ETCD + "': install the package etcd-server");
    }
    try (Step step = Step.of("start etcd and kube-apiserver")) {
      KubeApi made = new KubeApi(cluster, pki);
      step.done();
      return made;
    }
  }

  /**
   * Starts both with the resource that tells Linkerd of workloads outside the cluster, and a
   * namespace for them.
   */
  public static KubeApi startFor(Cluster cluster, Pki pki, String namespace) {
    KubeApi made = start(cluster, pki);
    made.defineExternalWorkloads();
    made.namespace(namespace);
    return made;
  }

  private Daemon startServer() {
    Daemon started =
        cluster.start(
            "kube-apiserver",
            List.of(
                Cache.kube().resolve("kube-apiserver").toString(),
                "--etcd-servers=http://127.0.0.1:2379",
                "--bind-address=0.0.0.0",
                "--secure-port=" + PORT,
                "--advertise-address=" + ControlPlane.POD_ADDRESS,
                "--tls-cert-file=" + directory.resolve("server.pem"),
                "--tls-private-key-file=" + directory.resolve("server.key"),
                "--token-auth-file=" + directory.resolve("tokens.csv"),
                "--authorization-mode=RBAC",
                "--disable-admission-plugins=ServiceAccount",
                "--service-cluster-ip-range=" + Cluster.SERVICE_CIDR,
                "--service-account-issuer=" + ISSUER,
                "--service-account-key-file=" + directory.resolve("accounts.pem"),
                "--service-account-signing-key-file=" + directory.resolve("accounts.key")),
            Map.of());
    started.awaitReady("ready", PATIENCE, () -> kubectl("get", "--raw", "/readyz").succeeded());
    return started;
  }

  /** Ends the server at once; what it keeps in etcd stays. */
  public void stop() {
    server.stop();
  }

  /** Starts it again. */
  public void startAgain() {
    server = startServer();
  }

  /** Makes the resource that tells Linkerd of workloads outside the cluster, and nothing else. */
  public void defineExternalWorkloads() {
    kubectlCommand("create", "--filename=-")
        .reading(resource("/kubernetes/external-workload.json"))
        .run()
        .ok();
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all").ok();
  }

  private static String resource(String name) {
    try (InputStream in = KubeApi.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new LabException("looking for the resource '" + name + "': it is not there");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new LabException("reading the resource '" + name + "'", e);
    }
  }

  /** Where hosts reach it. */
  public String address() {
    return "https://" + Cluster.GATEWAY.ipv4() + ":" + PORT;
  }

  /** The certificate by which it is recognised. */
  public Path authority() {
    return directory.resolve("anchors.pem");
  }

  /** A file with the token of its administrator. */
  public Path tokenFile() {
    write("token", TOKEN);
    return directory.resolve("token");
  }

  /** A configuration for other clients of it in the cluster, as its administrator. */
  public Path kubeconfig() {
    return directory.resolve("kubeconfig");
  }

  /** A token of a service account, which is made unless it is there. */
  public String token(String namespace, String account) {
    create(object("v1", "ServiceAccount", Map.of("name", account, "namespace", namespace)));
    return kubectl("create", "token", account, "--namespace=" + namespace, "--duration=1h")
        .ok()
        .out();
  }

  /** Makes a namespace unless it is there. */
  public void namespace(String name) {
    create(object("v1", "Namespace", Map.of("name", name)));
  }

  /** Runs kubectl as the cluster's administrator. */
  public Result kubectl(String... arguments) {
    return kubectlCommand(arguments).run();
  }

  /** Makes the objects of a manifest, or changes them to it. */
  public void apply(String manifest) {
    kubectlCommand("apply", "--filename=-").reading(manifest).run().ok();
  }

  /** Has the objects of a manifest deleted; without controllers a namespace never goes. */
  public void delete(String manifest) {
    kubectlCommand("delete", "--wait=false", "--filename=-").reading(manifest).run().ok();
  }

  /**
   * Makes an object, or changes it to this.
   *
   * @param object as {@link #object} makes it
   */
  public void create(Map<String, Object> object) {
    apply(new Gson().toJson(object));
  }

  private Command kubectlCommand(String... arguments) {
    List<String> argv =
        new ArrayList<>(
            List.of(
                Cache.kube().resolve("kubectl").toString(),
                "--kubeconfig=" + directory.resolve("kubeconfig")));
    argv.addAll(List.of(arguments));
    return Command.of(argv)
        .in(cluster.namespace().name(), cluster.namespace().enter())
        .within(Duration.ofMinutes(1));
  }

  /** A Kubernetes object without a spec as a value. */
  public static Map<String, Object> object(
      String apiVersion, String kind, Map<String, ?> metadata) {
    return Map.of("apiVersion", apiVersion, "kind", kind, "metadata", metadata);
  }

  /** A Kubernetes object as a value. */
  public static Map<String, Object> object(
      String apiVersion, String kind, Map<String, ?> metadata, Map<String, ?> spec) {
    return Map.of("apiVersion", apiVersion, "kind", kind, "metadata", metadata, "spec", spec);
  }

  private void write(String name, String content) {
    try {
      Files.writeString(directory.resolve(name), content);
    } catch (IOException e) {
      throw new LabException("writing '" + directory.resolve(name) + "'", e);
    }
  }

  /**
   * What an ExternalWorkload says of being ready, and the one word why, such as {@code True
   * Joined}.
   */
  public String ready(String namespace, String name) {
    return kubectl(
            "get",
            "externalworkload",
            name,
            "--namespace=" + namespace,
            "--output=jsonpath={.status.conditions[?(@.type==\"Ready\")].status} "
                + "{.status.conditions[?(@.type==\"Ready\")].reason}")
        .stdout();
  }

  /** Waits until it says that. */
  public void awaitReady(String namespace, String name, String wanted) {
    Await.until(
        name + " to be '" + wanted + "'", PATIENCE, () -> ready(namespace, name).equals(wanted));
  }

  /** What the server has logged. */
  public String log() {
    return server.log();
  }

  @Override
  public void close() {
    server.close();
    etcd.close();
  }
}
