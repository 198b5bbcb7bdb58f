// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import com.google.gson.JsonObject;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Material;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import io.meshx.agent.registry.ServedAt;
import io.meshx.agent.registry.kubernetes.KubernetesRegistry;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A program that tells a cluster of one workload on each of many hosts, as their agents do, and
 * prints each second how that stands; for benchmarks.
 */
public final class SimulatedFleet {
  private static final int BYTE = 256;
  private static final long STANDARD_PORT = 8000;

  private final KubernetesRegistry registry;
  private final ResourceName resource;

  private SimulatedFleet(ApiAccess api, int number) {
    WorkloadName host = new WorkloadName("vm-" + number);
    Path directory = Path.of("/nowhere/" + host);
    registry =
        new KubernetesRegistry(
            directory.resolve("enlisted"),
            new FakeFiles(List.of(), Set.of(directory)),
            InstantSource.system(),
            new SecureRandom());
    resource = new ResourceName(new WorkloadName("mixed-env"), new WorkloadName("web-" + host));
    registry.follow(
        Optional.of(new ClusterAccess(api, host, Duration.ofSeconds(5))),
        new TreeSet<>(Set.of(resource)));
    registry.vouch(Optional.of(Duration.ofSeconds(90)));
    Thread.ofVirtual().start(() -> join(number));
  }

  /** As an agent does: again when it fails. */
  private void join(int number) {
    ExternalWorkload says =
        new ExternalWorkload(
            SpiffeId.parse("spiffe://root.linkerd.cluster.local/mixed-env/web"),
            new DnsName("web.mixed-env.cluster.local"),
            List.of(IpAddress.parse("10." + number / BYTE + "." + number % BYTE + ".1")),
            new TreeSet<>(List.of(new ServedAt("http", new Port((int) STANDARD_PORT)))),
            new TreeMap<>(Map.of("app", "web")),
            new TreeMap<>());
    CountDownLatch never = new CountDownLatch(1);
    try {
      while (!ready()) {
        try {
          registry.enlist(resource, resource.name(), says);
          registry.setReady(resource, resource.name(), new Readiness(true, "Joined", "it serves"));
        } catch (HostException e) {
          never.await(1, TimeUnit.SECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean ready() {
    return registry.observe().resources().get(resource) instanceof ResourceState.Present present
        && present.ready();
  }

  /** Server as HOST:PORT, authority, token file, number of hosts; runs until it is ended. */
  public static void main(String[] args) throws InterruptedException {
    ApiAccess api =
        new ApiAccess(
            ApiAccess.address(args[0]),
            new Material.InFile(Path.of(args[1])),
            new ApiAccess.Credentials.Token(new Material.InFile(Path.of(args[2]))));
    List<SimulatedFleet> fleet = new ArrayList<>();
    for (int number = 0; number < Integer.parseInt(args[3]); number++) {
      fleet.add(new SimulatedFleet(api, number));
    }
    CountDownLatch never = new CountDownLatch(1);
    long began = System.nanoTime();
    do {
      JsonObject line = new JsonObject();
      line.addProperty("seconds", (System.nanoTime() - began) / 1e9);
      line.addProperty("ready", fleet.stream().filter(SimulatedFleet::ready).count());
      line.addProperty("answered", fleet.stream().filter(each -> each.answered()).count());
      line.addProperty(
          "requests", fleet.stream().mapToLong(each -> each.registry.observe().requests()).sum());
      System.out.println(line);
    } while (!never.await(1, TimeUnit.SECONDS));
  }

  private boolean answered() {
    RegistryView view = registry.observe();
    return view.api() instanceof ApiHealth.Answers;
  }
}
