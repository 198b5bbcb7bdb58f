// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.realmesh;

import io.meshx.it.Lab;
import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.KubeApi;
import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Step;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshLab;
import io.meshx.it.mesh.Workload;
import java.util.List;
import java.util.Map;

/**
 * A lab with Linkerd's own control plane and a SPIRE server in its cluster, and hosts that are to
 * join. The proxy on them is the one of {@code MESHX_LINKERD2_PROXY}.
 */
public final class RealMesh implements MeshLab {
  private final Lab lab;
  private final Pki pki = Pki.create(MeshHost.TRUST_DOMAIN);
  private final RealControlPlane controlPlane;
  private final SpireServer spireServer;

  private RealMesh(Lab lab, SpireServer.Settings settings) {
    this.lab = lab;
    this.controlPlane = RealControlPlane.start(lab.cluster(), pki);
    this.spireServer = SpireServer.start(lab.cluster(), pki, settings);
    controlPlane
        .api()
        .create(KubeApi.object("v1", "Namespace", Map.of("name", Workload.NAMESPACE), Map.of()));
  }

  /**
   * Lays out a lab with both in its cluster, without hosts.
   *
   * @throws io.meshx.it.exec.LabException when it cannot be; nothing is left then
   */
  public static RealMesh open(SpireServer.Settings settings) {
    Programs.find(System.getenv());
    Step.note(Cache.proxy().describe());
    Lab lab = Lab.open();
    try {
      return new RealMesh(lab, settings);
    } catch (RuntimeException e) {
      lab.close();
      throw e;
    }
  }

  @Override
  public Lab lab() {
    return lab;
  }

  @Override
  public Pki pki() {
    return pki;
  }

  public RealControlPlane controlPlane() {
    return controlPlane;
  }

  public SpireServer spireServer() {
    return spireServer;
  }

  @Override
  public String service(String clusterIp, MeshHost host, Workload workload) {
    return service(clusterIp, workload);
  }

  /**
   * Makes a Service that selects a workload, at its port, with a name in the cluster's DNS.
   *
   * @param clusterIp an address of {@link io.meshx.it.cluster.Cluster#SERVICE_CIDR}
   * @return where it is called, as {@code http://NAME:PORT/}
   */
  public String service(String clusterIp, Workload workload) {
    Map<String, Object> spec =
        Map.of(
            "clusterIP",
            clusterIp,
            "selector",
            Map.of("app", workload.name()),
            "ports",
            List.of(
                Map.of("name", "http", "port", workload.port(), "targetPort", workload.port())));
    controlPlane
        .api()
        .create(
            KubeApi.object(
                "v1",
                "Service",
                Map.of("name", workload.name(), "namespace", Workload.NAMESPACE),
                spec));
    String name = workload.name() + "." + Workload.NAMESPACE + ".svc.cluster.local";
    lab.cluster().dns().record(name, clusterIp);
    return "http://%s:%d/".formatted(name, workload.port());
  }

  /**
   * Makes a Server for the admin port of a workload's proxy, with one route, to a path that nobody
   * asks for: {@code /metrics} is not found then, not even from the proxy's own host.
   */
  public void hideAdminPort(Workload workload) {
    Map<String, Object> labels = Map.of("matchLabels", Map.of("app", workload.name()));
    controlPlane
        .api()
        .create(
            KubeApi.object(
                "policy.linkerd.io/v1beta3",
                "Server",
                adminPort(workload),
                Map.of(
                    "externalWorkloadSelector",
                    labels,
                    "port",
                    workload.admin(),
                    "proxyProtocol",
                    "HTTP/1")));
    Map<String, Object> parent =
        Map.of("group", "policy.linkerd.io", "kind", "Server", "name", workload.name() + "-admin");
    Map<String, Object> elsewhere = Map.of("path", Map.of("value", "/elsewhere"));
    controlPlane
        .api()
        .create(
            KubeApi.object(
                "policy.linkerd.io/v1beta3",
                "HTTPRoute",
                adminPort(workload),
                Map.of(
                    "parentRefs",
                    List.of(parent),
                    "rules",
                    List.of(Map.of("matches", List.of(elsewhere))))));
  }

  /** Takes the route away that {@link #hideAdminPort} made; the Server without routes stays. */
  public void showAdminPort(Workload workload) {
    controlPlane
        .api()
        .kubectl(
            "delete",
            "httproutes.policy.linkerd.io",
            workload.name() + "-admin",
            "--namespace=" + Workload.NAMESPACE)
        .ok();
  }

  private static Map<String, Object> adminPort(Workload workload) {
    return Map.of("name", workload.name() + "-admin", "namespace", Workload.NAMESPACE);
  }

  @Override
  public void set(MeshHost host, MeshHost.Mode mode, Workload... workloads) {
    host.prepare(workloads);
    host.configure(MeshHost.toldTo(controlPlane.api(), host.toml(mode)));
    for (Workload workload : workloads) {
      host.add(workload);
    }
    host.grant(controlPlane.api(), Map.of());
    switch (mode) {
      case AGENT -> host.register(spireServer, workloads);
      case DEMO, EXTERNAL -> {}
    }
  }

  @Override
  public void close() {
    lab.close();
  }
}
