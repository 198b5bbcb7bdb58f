// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import io.meshx.it.Lab;
import io.meshx.it.cluster.Pki;
import io.meshx.it.host.HostSpec;
import java.util.List;

/** A lab whose hosts join one mesh, whatever control plane is in its cluster. */
public interface MeshLab extends AutoCloseable {
  /** The lab below. */
  Lab lab();

  /** The certificates of the mesh. */
  Pki pki();

  /** Boots hosts and installs the package on each, all at the same time. */
  default List<MeshHost> hosts(HostSpec... specs) {
    List<MeshHost> hosts =
        lab().hosts(specs).stream().map(host -> new MeshHost(host, pki())).toList();
    Mesh.onAll(hosts, MeshHost::install);
    return hosts;
  }

  /**
   * Writes everything that a host with these workloads needs before its agent starts, and tells the
   * control plane where they are found; in mode agent the SPIRE server too.
   */
  void set(MeshHost host, MeshHost.Mode mode, Workload... workloads);

  /**
   * Makes a Service for a workload, at its port, with a name in the cluster's DNS.
   *
   * @param clusterIp an address of {@link io.meshx.it.cluster.Cluster#SERVICE_CIDR}
   * @return where it is called, as {@code http://NAME:PORT/}
   */
  String service(String clusterIp, MeshHost host, Workload workload);

  @Override
  void close();
}
