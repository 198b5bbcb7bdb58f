// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Fleet;
import io.meshx.agent.registry.FleetContract;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.registry.LeaseState;
import io.meshx.agent.registry.Material;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ServedAt;
import io.meshx.agent.testing.FakeFiles;
import io.meshx.agent.testing.RealKubernetes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** Against a real kube-apiserver, with the leases and workloads that agents write. */
@Tag("kubernetes")
final class KubernetesFleetTest extends FleetContract {
  private static final WorkloadName NAMESPACE = new WorkloadName("mixed-env");
  @TempDir static Path directory;
  private static RealKubernetes cluster;

  @TempDir Path own;
  private KubernetesFleet fleet;
  private int port = 9000;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    cluster = new RealKubernetes(directory);
    cluster.kubectl("", "create", "namespace", NAMESPACE.text());
    cluster.kubectl("", "create", "namespace", Lease.NAMESPACE);
    Files.writeString(directory.resolve("token"), RealKubernetes.ADMINISTRATOR);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  private static ApiAccess access() {
    return new ApiAccess(
        cluster.address(),
        new Material.InFile(cluster.authority()),
        new ApiAccess.Credentials.Token(new Material.InFile(directory.resolve("token"))));
  }

  @BeforeEach
  void open() {
    fleet = new KubernetesFleet(access(), InstantSource.system(), new SecureRandom());
  }

  @AfterEach
  void close() {
    fleet.close();
  }

  @Override
  protected Fleet fleet() {
    return fleet;
  }

  private KubernetesRegistry agent(WorkloadName host) {
    KubernetesRegistry agent =
        new KubernetesRegistry(
            own.resolve("enlisted-" + host),
            new FakeFiles(List.of(), Set.of(own)),
            InstantSource.system(),
            new SecureRandom());
    agent.follow(Optional.of(new ClusterAccess(access(), host, Duration.ZERO)), new TreeSet<>());
    return agent;
  }

  @Override
  protected void renews(WorkloadName host) throws InterruptedException {
    // Closed and not silenced: as one whose host lost its power.
    renewed(agent(host));
  }

  private static KubernetesRegistry renewed(KubernetesRegistry agent) throws InterruptedException {
    LinkedBlockingQueue<Boolean> signals = new LinkedBlockingQueue<>();
    agent.onChange(() -> signals.add(true));
    agent.vouch(Optional.of(Duration.ofSeconds(90)));
    while (!(agent.observe().lease() instanceof LeaseState.Renewed)) {
      signals.poll(100, TimeUnit.MILLISECONDS);
    }
    return agent;
  }

  @Override
  protected void gives(WorkloadName host) throws InterruptedException {
    try (KubernetesRegistry agent = renewed(agent(host))) {
      agent.fallSilent();
    }
  }

  @Override
  protected ResourceName serves(WorkloadName host, String name) throws Exception {
    ResourceName resource = new ResourceName(NAMESPACE, new WorkloadName(name));
    port++;
    try (KubernetesRegistry agent = agent(host)) {
      agent.enlist(
          resource,
          resource.name(),
          new ExternalWorkload(
              SpiffeId.parse("spiffe://root.linkerd.cluster.local/mixed-env/web"),
              new DnsName("web.mixed-env.cluster.local"),
              List.of(IpAddress.parse("192.0.2.10")),
              new TreeSet<>(List.of(new ServedAt("http", new Port(port)))),
              new TreeMap<>(Map.of("app", "web")),
              new TreeMap<>()));
      agent.setReady(resource, resource.name(), new Readiness(true, "Joined", "it is served"));
    }
    return resource;
  }

  @Override
  protected Readiness readiness(ResourceName resource) throws IOException, InterruptedException {
    String[] said =
        cluster
            .kubectl(
                "",
                "get",
                "externalworkload",
                resource.name().text(),
                "--namespace=" + resource.namespace(),
                "--output=jsonpath={range .status.conditions[?(@.type=='Ready')]}"
                    + "{.status}|{.reason}|{.message}{end}")
            .split("\\|", -1);
    return new Readiness(said[0].equals("True"), said[1], said[2]);
  }
}
