// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import java.util.List;

/**
 * A workload of a host: the program of the lab that says who called it. Its namespace is {@link
 * #NAMESPACE}.
 *
 * @param name its name, which is its user's too
 * @param number 0 for a host's first; each has ports of its own
 */
public record Workload(String name, int number) {
  /** The Kubernetes namespace of every workload of the lab. */
  public static final String NAMESPACE = "mixed-env";

  /** A host's first workload: port 8000 and Linkerd's usual ports, and {@code /workload/start}. */
  public static Workload first(String name) {
    return new Workload(name, 0);
  }

  /** Another of the same host. */
  public static Workload numbered(String name, int number) {
    return new Workload(name, number);
  }

  public String user() {
    return name;
  }

  /** The port that it serves. */
  public int port() {
    return 8000 + number;
  }

  public int inbound() {
    return 4143 + 100 * number;
  }

  public int outbound() {
    return 4140 + 100 * number;
  }

  public int admin() {
    return 4191 + 100 * number;
  }

  /** The SPIFFE ID that it has unless its file says otherwise. */
  public String spiffeId() {
    return "spiffe://%s/%s/%s".formatted(MeshHost.TRUST_DOMAIN, NAMESPACE, name);
  }

  /** The TLS name that its proxy answers to. */
  public String serverName() {
    return name + "." + NAMESPACE + ".cluster.local";
  }

  public String proxyUnit() {
    return "meshx-proxy-" + name + ".service";
  }

  public String unit() {
    return "meshx-workload-" + name + ".service";
  }

  /** Where its file is. */
  public String path() {
    return "/etc/meshx-agent/workloads/" + name + ".toml";
  }

  /** Its file: what a user must write, and ports only where they are not the usual ones. */
  public Toml toml() {
    Toml toml = least();
    if (number == 0) {
      return toml;
    }
    return listening(toml)
        .with("proxy.inbound", Integer.toString(inbound()))
        .with("proxy.outbound", Integer.toString(outbound()))
        .with("proxy.admin", Integer.toString(admin()));
  }

  /** The same with the ports of the proxy left to the agent. */
  public Toml tomlWithoutProxyPorts() {
    return listening(least());
  }

  private Toml least() {
    return Toml.empty()
        .withText("namespace", NAMESPACE)
        .withText("process.user", user())
        .with("port", "[{ name = \"http\", port = %d }]".formatted(port()));
  }

  private Toml listening(Toml toml) {
    List<String> exec = List.of("/workload/start", "-listen", ":" + port());
    return toml.with("process.exec", "[\"" + String.join("\", \"", exec) + "\"]");
  }
}
