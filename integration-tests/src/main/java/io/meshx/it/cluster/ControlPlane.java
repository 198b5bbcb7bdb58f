// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cluster;

import com.google.gson.Gson;
import com.google.gson.annotations.SerializedName;
import io.meshx.it.cache.Cache;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The stand-in for Linkerd's destination and policy controllers, on the pod address {@link
 * #POD_ADDRESS} of the cluster with the identity of Linkerd's own. Only the stand-in proxy
 * understands it. What it answers may change at any time and holds from the next question on.
 */
public final class ControlPlane implements AutoCloseable {
  /** The pod that both services run in. */
  public static final String POD_ADDRESS = "10.244.0.10";

  public static final int DESTINATION_PORT = 8086;
  public static final int POLICY_PORT = 8090;

  /** The name that proxies find the destination service by. */
  public static final String DESTINATION_NAME = "linkerd-dst-headless.linkerd.svc.cluster.local";

  /** The name that proxies find the policy service by. */
  public static final String POLICY_NAME = "linkerd-policy.linkerd.svc.cluster.local";

  /** The identity that both services prove. */
  public static final String IDENTITY =
      "linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local";

  /**
   * One place that a destination's traffic goes to.
   *
   * @param addr the peer's inbound proxy as {@code IP:PORT}
   * @param port of the workload behind it
   * @param identity SPIFFE ID that the peer must prove
   * @param serverName the name that the peer's proxy answers to
   */
  public record Endpoint(
      String addr, int port, String identity, @SerializedName("server_name") String serverName) {}

  /**
   * Who may connect.
   *
   * @param ordinary one of Linkerd's default policies, such as {@code all-unauthenticated} or
   *     {@code deny}, which lets a proxy's own host in as all that is served does; or {@code
   *     no-routes}, a Server whose routes match nothing, which answers 404 to everybody
   * @param allow client identities let in whatever {@code ordinary} says
   * @param ports the ports that differ, by number
   */
  public record Policy(
      @SerializedName("default") String ordinary, List<String> allow, Map<String, Policy> ports) {
    /** The same for every port and client. */
    public static Policy of(String ordinary) {
      return new Policy(ordinary, List.of(), Map.of());
    }

    /** The same but for one port. */
    public Policy withPort(int port, Policy policy) {
      Map<String, Policy> all = new TreeMap<>(ports);
      all.put(Integer.toString(port), policy);
      return new Policy(ordinary, allow, all);
    }

    /** The same with these client identities let in. */
    public Policy allowing(String... identities) {
      return new Policy(ordinary, List.of(identities), ports);
    }
  }

  private final Cluster cluster;
  private final Path directory;
  private final Path configuration;
  private final Map<String, List<Endpoint>> destinations = new TreeMap<>();
  private final Map<String, Policy> policies =
      new TreeMap<>(Map.of("*", Policy.of("all-unauthenticated")));
  private @Nullable Daemon daemon;

  private ControlPlane(Cluster cluster) {
    this.cluster = cluster;
    this.directory = cluster.directory("control-plane");
    this.configuration = directory.resolve("control-plane.json");
  }

  /**
   * Starts it, with its address and names in the cluster. It knows no destination, and every
   * workload has the policy {@code all-unauthenticated}.
   *
   * @throws LabException when its program is not built or it does not listen
   */
  public static ControlPlane start(Cluster cluster, Pki pki) {
    ControlPlane made = new ControlPlane(cluster);
    cluster.addAddress(POD_ADDRESS);
    cluster.dns().record(DESTINATION_NAME, POD_ADDRESS);
    cluster.dns().record(POLICY_NAME, POD_ADDRESS);
    pki.issue(Duration.ofDays(30), IDENTITY)
        .write(made.directory.resolve("tls.pem"), made.directory.resolve("tls.key"));
    try {
      Files.writeString(made.directory.resolve("anchors.pem"), pki.anchor().certificatePem());
    } catch (IOException e) {
      throw new LabException("setting up the control plane", e);
    }
    made.store();
    made.start();
    return made;
  }

  /** Starts it again after {@link #stop}. No harm if it runs. */
  public synchronized void start() {
    if (daemon != null && daemon.alive()) {
      return;
    }
    try (Step step = Step.of("start the stand-in control plane")) {
      Daemon started =
          cluster.start(
              "control-plane",
              List.of(
                  Cache.standIns().resolve("control-plane").toString(),
                  "-config",
                  configuration.toString()),
              Map.of());
      daemon = started;
      started.awaitReady(
          "listening",
          Duration.ofSeconds(10),
          () -> listening(DESTINATION_PORT) && listening(POLICY_PORT));
      step.done();
    }
  }

  private boolean listening(int port) {
    Result found = cluster.run("ss", "-Hltn", "sport = :" + port);
    return found.out().contains(POD_ADDRESS);
  }

  /** Ends both services at once. */
  public synchronized void stop() {
    if (daemon != null) {
      daemon.kill();
    }
  }

  /**
   * Says where the traffic to a service's address goes.
   *
   * @param destination as {@code IP:PORT}
   * @param endpoints without any, nobody serves it
   */
  public synchronized void destination(String destination, Endpoint... endpoints) {
    destinations.put(destination, List.of(endpoints));
    store();
  }

  /** Knows a destination no more; the proxy leaves traffic to it unchanged. */
  public synchronized void forgetDestination(String destination) {
    destinations.remove(destination);
    store();
  }

  /**
   * Says who may connect to a workload.
   *
   * @param workload {@code NAMESPACE/NAME}, or {@code *} for those not named
   */
  public synchronized void policy(String workload, Policy policy) {
    policies.put(workload, policy);
    store();
  }

  /** Knows a workload no more; {@code *} included, it is not found by the policy service. */
  public synchronized void forgetPolicy(String workload) {
    policies.remove(workload);
    store();
  }

  /** Refuses every connection to the policy service, open ones too, until {@link #openPolicy}. */
  public synchronized void closePolicy() {
    cluster.namespace().run(policyRule("-A")).ok();
  }

  /** Lets connections to the policy service in again. */
  public synchronized void openPolicy() {
    cluster.namespace().run(policyRule("-D")).ok();
  }

  private static String[] policyRule(String how) {
    return new String[] {
      "iptables",
      "-w",
      how,
      "INPUT",
      "-d",
      POD_ADDRESS,
      "-p",
      "tcp",
      "--dport",
      Integer.toString(POLICY_PORT),
      "-j",
      "REJECT",
      "--reject-with",
      "tcp-reset"
    };
  }

  private synchronized void store() {
    String text =
        new Gson()
            .toJson(
                Map.of(
                    "destination_listen",
                    POD_ADDRESS + ":" + DESTINATION_PORT,
                    "policy_listen",
                    POD_ADDRESS + ":" + POLICY_PORT,
                    "cert",
                    "tls.pem",
                    "key",
                    "tls.key",
                    "trust_anchors",
                    "anchors.pem",
                    "destinations",
                    destinations,
                    "policies",
                    policies));
    Path partial = configuration.resolveSibling("control-plane.json.partial");
    try {
      Files.writeString(partial, text);
      Files.move(
          partial,
          configuration,
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new LabException("writing '" + configuration + "'", e);
    }
  }

  /** What it has logged. */
  public synchronized String log() {
    return daemon == null ? "" : daemon.log();
  }

  @Override
  public synchronized void close() {
    if (daemon != null) {
      daemon.close();
    }
  }
}
