// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.model.HostPort;
import io.meshx.agent.registry.ApiAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The keys by which workloads are told to a cluster. */
final class KubernetesKeys {
  static final Key<HostPort> SERVER =
      Key.optional(
          "kubernetes.server",
          Forms.of("https://HOST:PORT", ApiAccess::address),
          "\"https://192.0.2.1:6443\"",
          "The Kubernetes API. With it the agent keeps an ExternalWorkload for each workload, and"
              + " says there whether peers may choose it.");
  static final Key<Path> KUBECONFIG =
      Key.optional(
          "kubernetes.kubeconfig",
          Forms.file(),
          "\"kubeconfig\"",
          "A kubeconfig file instead: its current context has the server, the authority and the"
              + " token or client certificate.");
  static final Key<Path> AUTHORITY =
      Key.text(
          "kubernetes.certificate_authority",
          Forms.file(),
          "kubernetes-ca.pem",
          "PEM file with the certificates by which the API server is recognised, and no others.");
  static final Key<Path> TOKEN_FILE =
      Key.text(
          "kubernetes.token_file",
          Forms.file(),
          "kubernetes-token",
          "File with the bearer token of this host; read anew for each request.");
  static final Key<Path> CLIENT_CERTIFICATE =
      Key.optional(
          "kubernetes.client_certificate",
          Forms.file(),
          "\"kubernetes.crt\"",
          "PEM file with a client certificate, instead of a token.");
  static final Key<Path> CLIENT_KEY =
      Key.optional(
          "kubernetes.client_key",
          Forms.file(),
          "\"kubernetes.key\"",
          "PEM file with its private key, in PKCS #8 form (BEGIN PRIVATE KEY).");

  private static final String CREATE = "create";

  static final Key<Boolean> CREATES =
      Key.text(
          "kubernetes.manage",
          Forms.choice(CREATE::equals, CREATE, "status-only"),
          CREATE,
          "What the agent does: \"create\" makes the ExternalWorkloads and keeps them as configured;"
              + " with \"status-only\" somebody else makes them, and it says whether they are ready.");
  static final Key<Duration> PROPAGATION =
      Key.text(
          "kubernetes.propagation",
          Forms.duration(Duration.ZERO, Duration.ofMinutes(5)),
          "5s",
          "How long peers get to hear that a workload is not ready before it is stopped, when it"
              + " leaves.");

  private static final String DELETE = "delete";

  static final Key<Boolean> DELETES =
      Key.text(
          "kubernetes.on_leave",
          Forms.choice(DELETE::equals, "keep", DELETE),
          "keep",
          "What becomes of an ExternalWorkload when its workload leaves: \"keep\" leaves it there,"
              + " not ready and without addresses; \"delete\" takes it away, which crashes the"
              + " destination controller of Linkerd up to edge-26.8.3 while somebody calls that address (linkerd2#15551).");

  private static final String DRAIN = "drain";

  static final Key<Boolean> BEFORE_RESTART =
      Key.text(
          "kubernetes.before_restart",
          Forms.choice(DRAIN::equals, "nothing", DRAIN),
          "nothing",
          "What comes before a restart of a proxy or workload that another configuration or other"
              + " trust anchors bring: with \"drain\" peers get kubernetes.propagation to choose others,"
              + " so that no request fails where two hosts serve; where one serves, it is away for that"
              + " much longer.");

  /** A shorter one is not renewed reliably when the API server is restarted. */
  static final Duration SHORTEST_LEASE = Duration.ofSeconds(10);

  static final Key<Duration> LEASE =
      Key.text(
          "kubernetes.lease",
          Forms.duration(Duration.ZERO, Duration.ofMinutes(10)),
          "90s",
          "For how long the cluster takes this host for alive after it has said so; it says so twice"
              + " as often. Where 'meshx reaper' runs, peers choose its workloads no more half as long"
              + " after that. \"0s\" says nothing.");

  /** What has no meaning without a server. */
  static final List<Key<?>> OTHERS =
      List.of(
          AUTHORITY,
          TOKEN_FILE,
          CLIENT_CERTIFICATE,
          CLIENT_KEY,
          CREATES,
          PROPAGATION,
          DELETES,
          BEFORE_RESTART,
          LEASE);

  /** What a kubeconfig says already. */
  static final List<Key<?>> OF_KUBECONFIG =
      List.of(SERVER, AUTHORITY, TOKEN_FILE, CLIENT_CERTIFICATE, CLIENT_KEY);

  private KubernetesKeys() {}
}
