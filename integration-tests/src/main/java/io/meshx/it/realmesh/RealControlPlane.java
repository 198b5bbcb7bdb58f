// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.realmesh;

import io.meshx.it.cluster.Cluster;
import io.meshx.it.cluster.ControlPlane;
import io.meshx.it.cluster.KubeApi;
import io.meshx.it.cluster.Pki;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Linkerd's own destination and policy controllers, with a Kubernetes API that has no node, in a
 * lab's cluster: on the same pod address, under the same names and identity as the stand-in's
 * {@link ControlPlane}, of which a cluster can have only one.
 *
 * <p>The proxy of the controllers' pod, which a cluster without nodes cannot have, is a stunnel for
 * each: TLS 1.3 with the identity of Linkerd's destination service, without a question for the
 * client's certificate.
 */
public final class RealControlPlane implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String POD_NAME = "linkerd-destination-0";
  private static final String OPAQUE_PORTS = "25,587,3306,4444,5432,6379,9300,11211";
  private static final int DESTINATION_ADMIN = 9996;
  private static final int POLICY_ADMIN = 9990;

  private final Cluster cluster;
  private final Programs programs;
  private final Path directory;
  private final KubeApi api;
  private final Map<String, Daemon> daemons = new LinkedHashMap<>();

  private RealControlPlane(Cluster cluster, Pki pki, Programs programs) {
    this.cluster = cluster;
    this.programs = programs;
    this.directory = cluster.directory("real-control-plane");
    this.api = KubeApi.start(cluster, pki);
  }

  /**
   * Starts all of it, with its address and names in the cluster. It knows no workload.
   *
   * @throws LabException when a program is missing or does not get ready
   */
  public static RealControlPlane start(Cluster cluster, Pki pki) {
    RealControlPlane made = new RealControlPlane(cluster, pki, Programs.find(System.getenv()));
    cluster.addAddress(ControlPlane.POD_ADDRESS);
    cluster.dns().record(ControlPlane.DESTINATION_NAME, ControlPlane.POD_ADDRESS);
    cluster.dns().record(ControlPlane.POLICY_NAME, ControlPlane.POD_ADDRESS);
    made.writeFiles(pki);
    made.createOwnObjects();
    made.startDestination();
    made.startPolicy();
    return made;
  }

  private void writeFiles(Pki pki) {
    pki.issue(Duration.ofDays(30), ControlPlane.IDENTITY)
        .write(directory.resolve("destination.pem"), directory.resolve("destination.key"));
    writeTunnel("destination-tls", ControlPlane.DESTINATION_PORT);
    writeTunnel("policy-tls", ControlPlane.POLICY_PORT);
  }

  private void writeTunnel(String name, int port) {
    write(
        name + ".conf",
        """
        foreground = yes
        pid =
        debug = 5
        cert = %1$s/destination.pem
        key = %1$s/destination.key
        sslVersionMin = TLSv1.3
        sslVersionMax = TLSv1.3
        socket = l:TCP_NODELAY=1
        socket = r:TCP_NODELAY=1
        TIMEOUTclose = 0
        [%2$s]
        accept = %3$s:%4$d
        connect = 127.0.0.1:%4$d
        """
            .formatted(directory, name, ControlPlane.POD_ADDRESS, port));
  }

  private void write(String name, String content) {
    try {
      Files.writeString(directory.resolve(name), content);
    } catch (IOException e) {
      throw new LabException("writing '" + directory.resolve(name) + "'", e);
    }
  }

  /** What both controllers want to find: their namespaces, the owner of their lease, their CRDs. */
  private void createOwnObjects() {
    try (Step step = Step.of("create the custom resource definitions")) {
      api.create(KubeApi.object("v1", "Namespace", Map.of("name", "linkerd"), Map.of()));
      api.create(KubeApi.object("v1", "Namespace", Map.of("name", "linkerd-egress"), Map.of()));
      Map<String, String> labels = Map.of("linkerd.io/control-plane-component", "destination");
      api.create(
          KubeApi.object(
              "apps/v1",
              "Deployment",
              Map.of("name", "linkerd-destination", "namespace", "linkerd"),
              Map.of(
                  "replicas",
                  0,
                  "selector",
                  Map.of("matchLabels", labels),
                  "template",
                  Map.of(
                      "metadata",
                      Map.of("labels", labels),
                      "spec",
                      Map.of("containers", List.of(Map.of("name", "none", "image", "none")))))));
      // Their text is too long for the annotation that "kubectl apply" would make of it.
      api.kubectl("create", "--filename=" + programs.crds()).ok();
      api.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all").ok();
      step.done();
    }
  }

  /**
   * Starts the destination controller after {@link #stopDestination}, and waits until it is ready.
   */
  public void startDestination() {
    try (Step step = Step.of("start the destination controller")) {
      Daemon controller =
          launch(
              "destination",
              Map.of("POD_NAME", POD_NAME, "HOSTNAME", POD_NAME),
              programs.controller().toString(),
              "destination",
              "-addr=127.0.0.1:" + ControlPlane.DESTINATION_PORT,
              "-metrics-addr=127.0.0.1:" + DESTINATION_ADMIN,
              "-controller-namespace=linkerd",
              "-outbound-transport-mode=transport-header",
              "-cluster-domain=cluster.local",
              "-identity-trust-domain=cluster.local",
              "-default-opaque-ports=" + OPAQUE_PORTS,
              "-enable-ipv6=false",
              "-kubeconfig=" + api.kubeconfig(),
              "-log-level=info");
      controller.awaitReady("ready", PATIENCE, () -> answersReady(DESTINATION_ADMIN));
      tunnel("destination-tls", ControlPlane.DESTINATION_PORT);
      step.done();
    }
  }

  /** Starts the policy controller after {@link #stopPolicy}, and waits until it is ready. */
  public void startPolicy() {
    try (Step step = Step.of("start the policy controller")) {
      Daemon controller =
          launch(
              "policy",
              Map.of("HOSTNAME", POD_NAME),
              programs.policyController().toString(),
              "--admission-controller-disabled",
              "--grpc-addr=127.0.0.1:" + ControlPlane.POLICY_PORT,
              "--admin-addr=127.0.0.1:" + POLICY_ADMIN,
              "--cluster-networks=10.0.0.0/8",
              "--default-policy=all-unauthenticated",
              "--default-opaque-ports=" + OPAQUE_PORTS,
              "--control-plane-namespace=linkerd",
              "--cluster-domain=cluster.local",
              "--identity-domain=cluster.local",
              "--kubeconfig=" + api.kubeconfig());
      controller.awaitReady("ready", PATIENCE, () -> answersReady(POLICY_ADMIN));
      tunnel("policy-tls", ControlPlane.POLICY_PORT);
      step.done();
    }
  }

  private boolean answersReady(int port) {
    return cluster
        .run("curl", "-sf", "--max-time", "2", "http://127.0.0.1:%d/ready".formatted(port))
        .succeeded();
  }

  private void tunnel(String name, int port) {
    if (daemons.containsKey(name) && daemon(name).alive()) {
      return;
    }
    launch(
            name,
            Map.of(),
            programs.stunnel().toString(),
            directory.resolve(name + ".conf").toString())
        .awaitReady(
            "listening",
            Duration.ofSeconds(10),
            () ->
                cluster
                    .run("ss", "-Hltn", "sport = :" + port)
                    .out()
                    .contains(ControlPlane.POD_ADDRESS));
  }

  private Daemon launch(String name, Map<String, String> environment, String... argv) {
    Daemon started = cluster.start(name, List.of(argv), environment);
    daemons.put(name, started);
    return started;
  }

  private Daemon daemon(String name) {
    Daemon found = daemons.get(name);
    if (found == null) {
      throw new LabException("looking for '%s': there is %s".formatted(name, daemons.keySet()));
    }
    return found;
  }

  /** Ends the policy controller and the TLS in front of it: nobody listens at its address. */
  public void stopPolicy() {
    daemon("policy-tls").stop();
    stopPolicyBehindItsTls();
  }

  /** Ends the policy controller alone: its pod's proxy answers, and has nobody behind it. */
  public void stopPolicyBehindItsTls() {
    daemon("policy").stop();
  }

  /** Ends the destination controller and the TLS in front of it. */
  public void stopDestination() {
    daemon("destination-tls").stop();
    daemon("destination").stop();
  }

  /** The Kubernetes API. */
  public KubeApi api() {
    return api;
  }

  /** What one of its parts has logged: destination, policy and so on. */
  public String log(String part) {
    return daemon(part).log();
  }

  @Override
  public void close() {
    List<Daemon> newestFirst = new ArrayList<>(daemons.values()).reversed();
    newestFirst.forEach(Daemon::close);
    api.close();
  }
}
