// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import io.meshx.it.Lab;
import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.ControlPlane;
import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.AtOnce;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Step;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A lab with the stand-in's control plane in its cluster, and hosts that are to join. */
public final class Mesh implements MeshLab {
  private final Lab lab;
  private final Pki pki = Pki.create(MeshHost.TRUST_DOMAIN);
  private final ControlPlane controlPlane;
  private @Nullable SpireServer spireServer;

  private Mesh(Lab lab) {
    this.lab = lab;
    this.controlPlane = ControlPlane.start(lab.cluster(), pki);
  }

  /**
   * Lays out a lab with a control plane, without hosts and SPIRE server.
   *
   * @throws LabException when it cannot be, or when the proxy is not the stand-in; nothing is left
   *     then
   */
  public static Mesh open() {
    if (!Cache.proxy().standIn()) {
      throw new LabException(
          "MESHX_LINKERD2_PROXY names a real proxy, and this needs the stand-in, since its control"
              + " plane speaks no gRPC: unset the variable, or run 'make test-realmesh' or 'make"
              + " demo', which bring Linkerd's own control plane");
    }
    Step.note(Cache.proxy().describe());
    Lab lab = Lab.open();
    try {
      return new Mesh(lab);
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

  public ControlPlane controlPlane() {
    return controlPlane;
  }

  /** The SPIRE server in the cluster; it is started with the usual settings unless it was. */
  public SpireServer spireServer() {
    return spireServer(SpireServer.Settings.DEFAULT);
  }

  /** The same with settings that hold if it is not started yet. */
  public synchronized SpireServer spireServer(SpireServer.Settings settings) {
    SpireServer there = spireServer;
    if (there == null) {
      there = SpireServer.start(lab.cluster(), pki, settings);
      spireServer = there;
    }
    return there;
  }

  /** Does something on all hosts at the same time. */
  public static void onAll(List<MeshHost> hosts, Consumer<MeshHost> action) {
    AtOnce.all("on all hosts", hosts, action);
  }

  @Override
  public void set(MeshHost host, MeshHost.Mode mode, Workload... workloads) {
    host.prepare(workloads);
    host.configure(host.toml(mode));
    for (Workload workload : workloads) {
      host.add(workload);
      announce(host, workload);
    }
    switch (mode) {
      case AGENT -> host.register(spireServer(), workloads);
      case DEMO, EXTERNAL -> {}
    }
  }

  /** Tells the control plane that a workload is found at its host's addresses. */
  public void announce(MeshHost host, Workload workload) {
    for (String address : List.of(host.host().ipv4(), "[" + host.host().ipv6() + "]")) {
      controlPlane.destination(address + ":" + workload.port(), endpoint(address, workload));
    }
  }

  @Override
  public String service(String clusterIp, MeshHost host, Workload workload) {
    String name = workload.name() + "." + Workload.NAMESPACE + ".svc.cluster.local";
    lab.cluster().dns().record(name, clusterIp);
    controlPlane.destination(
        clusterIp + ":" + workload.port(), endpoint(host.host().ipv4(), workload));
    return "http://%s:%d/".formatted(name, workload.port());
  }

  private static ControlPlane.Endpoint endpoint(String address, Workload workload) {
    return new ControlPlane.Endpoint(
        address + ":" + workload.inbound(),
        workload.port(),
        workload.spiffeId(),
        workload.serverName());
  }

  @Override
  public void close() {
    lab.close();
  }
}
