// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonObject;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.Fleet;
import io.meshx.agent.registry.FleetView;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;

/** Hosts and their leases through the Kubernetes API: one watch of all leases. */
public final class KubernetesFleet implements Fleet {
  /** No host has such a name: theirs have no dot. */
  private static final String LEADER = "reaper.meshx.io";

  private interface Request<T> {
    T send() throws ApiFailure, InterruptedException;
  }

  private final InstantSource clock;
  private final ApiClient api;
  private final ApiWatch<Lease> leases;
  private volatile ApiHealth health = new ApiHealth.Unasked();
  private volatile Runnable lookAgain = () -> {};

  /** Begins to follow the leases of a cluster. */
  public KubernetesFleet(ApiAccess access, InstantSource clock, RandomGenerator random) {
    this.clock = clock;
    this.api = new ApiClient(access, clock, new LongAdder());
    this.leases =
        new ApiWatch<>(
            api,
            new ApiWatch.Subject<>(LeaseJson.path(), "", LeaseJson::read),
            clock,
            random,
            this::heard);
  }

  private void heard(Optional<ApiFailure> failure) {
    health =
        failure
            .filter(ApiFailure::ofServer)
            .<ApiHealth>map(why -> new ApiHealth.Fails(why.why(), false))
            .orElseGet(() -> new ApiHealth.Answers(api.expires()));
    lookAgain.run();
  }

  @Override
  public void onChange(Runnable again) {
    lookAgain = again;
  }

  @Override
  public FleetView observe() {
    leases.endIfSilent();
    TreeMap<WorkloadName, Lease> hosts = new TreeMap<>();
    return switch (leases.seen()) {
      case ApiWatch.Seen.Nothing<Lease> _ -> new FleetView(health, false, hosts, Optional.empty());
      case ApiWatch.Seen.Listed<Lease>(var all) -> {
        all.forEach((name, lease) -> {
          if (lease.holder().isPresent()) {
            host(name).ifPresent(host -> hosts.put(host, lease));
          }
        });
        yield new FleetView(health, true, hosts, Optional.ofNullable(all.get(LEADER)));
      }
    };
  }

  private static Optional<WorkloadName> host(String name) {
    try {
      return Optional.of(new WorkloadName(name));
    } catch (IllegalArgumentException e) {
      // Somebody else keeps a lease here; it is of no host.
      return Optional.empty();
    }
  }

  @Override
  public Optional<Lease> ask(WorkloadName host) throws HostException {
    return send(() -> {
      try {
        return Optional.of(
            LeaseJson.read(api.call("GET", LeaseJson.path(host.text()), ApiClient.JSON, "")));
      } catch (ApiFailure e) {
        return ifGone(e);
      }
    });
  }

  private static Optional<Lease> ifGone(ApiFailure e) throws ApiFailure {
    if (e.status() == ApiFailure.NOT_FOUND) {
      return Optional.empty();
    }
    throw e;
  }

  @Override
  public boolean lead(Optional<Lease> before, String who, Duration lasts) throws HostException {
    JsonObject wanted = LeaseJson.held(LEADER, who, lasts, clock.instant());
    return send(() -> {
      try {
        if (before.isPresent()) {
          change(LEADER, wanted, before.get());
        } else {
          leases.saw(api.call("POST", LeaseJson.path(), ApiClient.JSON, wanted.toString()));
        }
        return true;
      } catch (ApiFailure e) {
        if (e.status() == ApiFailure.CONFLICT || e.status() == ApiFailure.NOT_FOUND) {
          return false;
        }
        throw e;
      }
    });
  }

  @Override
  public void resign(Lease before) throws HostException {
    send(() -> {
      free(LEADER, before);
      return true;
    });
  }

  private void free(String name, Lease before) throws ApiFailure, InterruptedException {
    try {
      change(name, LeaseJson.freed(name), before);
    } catch (ApiFailure e) {
      // Somebody has it again, or nobody ever will.
      if (e.status() != ApiFailure.CONFLICT && e.status() != ApiFailure.NOT_FOUND) {
        throw e;
      }
    }
  }

  private void change(String name, JsonObject lease, Lease before)
      throws ApiFailure, InterruptedException {
    ExternalWorkloadJson.child(lease, "metadata").addProperty("resourceVersion", before.version());
    leases.saw(api.call("PATCH", LeaseJson.path(name), ApiClient.MERGE, lease.toString()));
  }

  @Override
  public List<ResourceName> abandon(WorkloadName host, Lease lease, Readiness says)
      throws HostException {
    return send(() -> {
      List<ResourceName> told = new ArrayList<>();
      JsonObject all = api.call("GET", ExternalWorkloadJson.everywhere(host), ApiClient.JSON, "");
      for (JsonObject each : ExternalWorkloadJson.objects(all, "items")) {
        if (ExternalWorkloadJson.present(each).ready()) {
          told.add(tell(each, says));
        }
      }
      free(host.text(), lease);
      return told;
    });
  }

  /** Refused if its host has said something meanwhile. */
  private ResourceName tell(JsonObject resource, Readiness says)
      throws ApiFailure, InterruptedException {
    JsonObject metadata = ExternalWorkloadJson.child(resource, "metadata");
    ResourceName name =
        new ResourceName(
            new WorkloadName(ExternalWorkloadJson.text(metadata, "namespace")),
            new WorkloadName(ExternalWorkloadJson.text(metadata, "name")));
    JsonObject version = new JsonObject();
    version.addProperty("resourceVersion", ExternalWorkloadJson.text(metadata, "resourceVersion"));
    JsonObject patch = ExternalWorkloadJson.status(says, Optional.of(resource), clock.instant());
    patch.add("metadata", version);
    api.call(
        "PATCH", ExternalWorkloadJson.path(name) + "/status", ApiClient.MERGE, patch.toString());
    return name;
  }

  private <T> T send(Request<T> request) throws HostException {
    try {
      return request.send();
    } catch (ApiFailure e) {
      throw e.toHost();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HostException.RpcFailed("the Kubernetes API", "the reaper stops", e);
    }
  }

  @Override
  public void close() {
    leases.close();
    api.close();
  }
}
