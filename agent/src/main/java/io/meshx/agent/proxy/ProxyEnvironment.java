// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.SortedSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The proxy's configuration, which is all environment variables. One text serves linkerd2-proxy
 * v2.222 and later: it has old and new names, and unknown ones are ignored.
 *
 * @see <a
 *     href="https://github.com/linkerd/linkerd2-proxy/blob/release/v2.366.0/linkerd/app/src/env.rs">
 *     linkerd2-proxy, app/src/env.rs</a>
 */
final class ProxyEnvironment {
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

  private ProxyEnvironment() {}

  /** The text of the environment file; arguments as for {@link ProxyUnit#of}. */
  static String of(
      AgentConfig config,
      Workload workload,
      Path spireSocket,
      String anchors,
      SortedSet<IpFamily> families) {
    EnvironmentFile file = new EnvironmentFile();
    identity(file, workload, spireSocket, anchors);
    controlPlane(file, config, workload);
    listeners(file, workload, families.contains(IpFamily.V6));
    inbound(file, config, workload);
    return file.set("LINKERD2_PROXY_OUTBOUND_CONNECT_KEEPALIVE", "10000ms")
        .set("LINKERD2_PROXY_OUTBOUND_CONNECT_USER_TIMEOUT", "30s")
        .set("LINKERD2_PROXY_CORES", "1")
        .set("LINKERD2_PROXY_CORES_MIN", "1")
        .set("LINKERD2_PROXY_LOG", workload.proxy().log())
        .set("LINKERD2_PROXY_LOG_FORMAT", "json")
        .set("LINKERD2_PROXY_SHUTDOWN_ENDPOINT_ENABLED", "false")
        .set("LINKERD2_PROXY_SHUTDOWN_GRACE_PERIOD", milliseconds(workload.proxy().shutdownGrace()))
        .text();
  }

  private static void identity(
      EnvironmentFile file, Workload workload, Path spireSocket, String anchors) {
    // The second name is the one before v2.304.
    file.set("LINKERD2_PROXY_IDENTITY_SPIRE_WORKLOAD_API_ADDRESS", "unix://" + spireSocket)
        .set("LINKERD2_PROXY_IDENTITY_SPIRE_SOCKET", "unix://" + spireSocket)
        .set("LINKERD2_PROXY_IDENTITY_SERVER_ID", workload.id().toString())
        .set("LINKERD2_PROXY_IDENTITY_SERVER_NAME", workload.serverName().text())
        .set("LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS", anchors);
  }

  private static void controlPlane(EnvironmentFile file, AgentConfig config, Workload workload) {
    // A node name that is no Kubernetes node makes the destination controller log an error for each
    // stream, so it stays empty (linkerd2 edge-26.8.3, endpoint_translator.go).
    String namespace = "{\"ns\":\"" + workload.namespace() + "\",";
    String context =
        namespace + "\"nodeName\":\"\",\"pod\":\"" + workload.registration().name() + "\"}";
    String policy = namespace + "\"external_workload\":\"" + workload.registration().name() + "\"}";
    file.set("LINKERD2_PROXY_DESTINATION_SVC_ADDR", absolute(config.mesh().destination()))
        .set("LINKERD2_PROXY_DESTINATION_SVC_NAME", config.mesh().destinationName().text())
        .set("LINKERD2_PROXY_DESTINATION_CONTEXT", context)
        .set("LINKERD2_PROXY_POLICY_SVC_ADDR", absolute(config.mesh().policy()))
        .set("LINKERD2_PROXY_POLICY_SVC_NAME", config.mesh().policyName().text())
        .set("LINKERD2_PROXY_POLICY_WORKLOAD", policy);
    setList(file, "LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS", config.mesh().networks());
    setList(file, "LINKERD2_PROXY_DESTINATION_PROFILE_NETWORKS", config.mesh().networks());
    file.set(
            "LINKERD2_PROXY_DESTINATION_PROFILE_SUFFIXES",
            "svc." + config.mesh().clusterDomain() + ".")
        .set("LINKERD2_PROXY_CONTROL_STREAM_INITIAL_TIMEOUT", "3s")
        .set("LINKERD2_PROXY_CONTROL_STREAM_IDLE_TIMEOUT", "5m")
        .set("LINKERD2_PROXY_CONTROL_STREAM_LIFETIME", "1h");
  }

  private static void listeners(EnvironmentFile file, Workload workload, boolean dualStack) {
    Port outbound = workload.proxy().outbound();
    // The name without S is the one before v2.228, which knows only one address.
    file.set(
            "LINKERD2_PROXY_INBOUND_LISTEN_ADDR",
            (dualStack ? "[::]:" : "0.0.0.0:") + workload.proxy().inbound())
        .set(
            "LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS",
            "127.0.0.1:" + outbound + (dualStack ? ",[::1]:" + outbound : ""))
        .set("LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR", "127.0.0.1:" + outbound)
        .set("LINKERD2_PROXY_ADMIN_LISTEN_ADDR", "127.0.0.1:" + workload.proxy().admin());
  }

  private static void inbound(EnvironmentFile file, AgentConfig config, Workload workload) {
    setList(file, "LINKERD2_PROXY_INBOUND_IPS", config.host().addresses());
    setList(
        file,
        "LINKERD2_PROXY_INBOUND_PORTS",
        workload.ports().stream().map(AgentConfig.ServedPort::port).toList());
    file.set("LINKERD2_PROXY_INBOUND_DEFAULT_POLICY", workload.proxy().inboundPolicy());
    setList(
        file,
        "LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION",
        workload.proxy().opaquePorts());
    file.set("LINKERD2_PROXY_INBOUND_ACCEPT_KEEPALIVE", "10000ms")
        .set("LINKERD2_PROXY_INBOUND_ACCEPT_USER_TIMEOUT", "30s");
  }

  private static void setList(EnvironmentFile file, String name, Collection<?> values) {
    if (!values.isEmpty()) {
      file.set(name, values.stream().map(Object::toString).collect(Collectors.joining(",")));
    }
  }

  // A name without its final dot would be tried with every search domain of the host first.
  private static String absolute(HostPort server) {
    return ADDRESS.matcher(server.host()).matches()
        ? server.toString()
        : server.host() + ".:" + server.port();
  }

  private static String milliseconds(Duration duration) {
    return duration.toMillis() + "ms";
  }
}
