// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonObject;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.LeaseState;
import io.meshx.agent.registry.NodeNetwork;
import io.meshx.agent.registry.NodesState;
import io.meshx.agent.registry.Parting;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.Registry;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import io.meshx.agent.registry.ServedAt;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ExternalWorkloads through the Kubernetes API: one watch for each, server-side apply for what is
 * ours of them, a merge patch of the status.
 */
public final class KubernetesRegistry implements Registry {
  private static final Logger LOG = LoggerFactory.getLogger(KubernetesRegistry.class);

  /** How long a start may be held up by an API server that does not answer. */
  private static final Duration HELD_UP = Duration.ofSeconds(5);

  /** How long a stop of the agent may take because of it. */
  private static final Duration GIVEN_BACK = Duration.ofSeconds(2);

  private static final String MANAGER = "?fieldManager=meshx-agent&force=true";

  private interface Request<T> {
    T send(ApiClient api) throws ApiFailure, InterruptedException;
  }

  private final EnlistedMemory enlisted;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Map<ResourceName, ApiWatch<JsonObject>> watches = new HashMap<>();
  private final LongAdder requests = new LongAdder();
  private final Map<ResourceName, Instant> unready = new HashMap<>();

  /** Since when an API server that answers has refused to say that one is not ready. */
  private final Map<ResourceName, Instant> refused = new HashMap<>();

  private Optional<ClusterAccess> access = Optional.empty();
  private Optional<ApiClient> client = Optional.empty();
  private final NodesMemory nodesMemory;
  private Optional<ApiWatch<NodeNetwork>> nodes = Optional.empty();
  private boolean nodesFollowed;
  private Optional<LeaseRenewal> renewal = Optional.empty();
  private Optional<ApiHealth> health = Optional.empty();
  private Instant failingSince = Instant.MAX;
  private volatile Runnable lookAgain = () -> {};

  /**
   * Asks nobody yet.
   *
   * @param memory file in which it is kept what this host has enlisted; the cluster's nodes are
   *     kept in "nodes" beside it
   * @param files how it is written
   */
  public KubernetesRegistry(
      Path memory, HostFiles files, InstantSource clock, RandomGenerator random) {
    this.enlisted = new EnlistedMemory(memory, files);
    this.nodesMemory = new NodesMemory(memory.resolveSibling("nodes"), files);
    this.clock = clock;
    this.random = random;
  }

  @Override
  public synchronized void follow(
      Optional<ClusterAccess> wanted, SortedSet<ResourceName> resources) {
    if (!wanted.equals(access)) {
      forget();
      access = wanted;
      client = wanted.map(given -> new ApiClient(given.api(), clock, requests));
    }
    if (client.isEmpty()) {
      return;
    }
    TreeSet<ResourceName> all = new TreeSet<>(resources);
    all.addAll(enlisted.get().keySet());
    watches
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !all.contains(entry.getKey());
          if (gone) {
            entry.getValue().close();
          }
          return gone;
        });
    for (ResourceName resource : all) {
      watches.computeIfAbsent(
          resource, name -> new ApiWatch<>(client.get(), alone(name), clock, random, this::heard));
    }
    watches.values().forEach(ApiWatch::endIfSilent);
    nodes.ifPresent(ApiWatch::endIfSilent);
  }

  private static ApiWatch.Subject<JsonObject> alone(ResourceName resource) {
    return new ApiWatch.Subject<>(
        ExternalWorkloadJson.path(resource.namespace()),
        "fieldSelector=metadata.name%3D" + resource.name(),
        Function.identity());
  }

  private void forget() {
    watches.values().forEach(ApiWatch::close);
    watches.clear();
    nodes.ifPresent(ApiWatch::close);
    nodes = Optional.empty();
    unready.clear();
    refused.clear();
    Optional<ApiClient> old = client;
    renewal.ifPresentOrElse(
        held -> held.end(() -> old.ifPresent(ApiClient::close)),
        () -> old.ifPresent(ApiClient::close));
    renewal = Optional.empty();
    health = Optional.empty();
  }

  @Override
  public synchronized void followNodes(boolean whether) {
    nodesFollowed = whether;
    if (!whether) {
      nodes.ifPresent(ApiWatch::close);
      nodes = Optional.empty();
      nodesMemory.forget();
    } else if (nodes.isEmpty()) {
      nodes =
          client.map(api ->
              new ApiWatch<>(
                  api,
                  new ApiWatch.Subject<>(NodeJson.path(), "", NodeJson::read),
                  clock,
                  random,
                  _ -> heardOfNodes()));
    }
  }

  private void heardOfNodes() {
    Optional<ApiWatch<NodeNetwork>> followed;
    synchronized (this) {
      followed = nodes;
    }
    // A cluster has nodes: none at all is no reason to take every route away.
    if (followed.isPresent()
        && followed.get().seen() instanceof ApiWatch.Seen.Listed<NodeNetwork>(var all)
        && !all.isEmpty()) {
      nodesMemory.keep(all);
    }
    lookAgain.run();
  }

  private NodesState nodesState() {
    if (!nodesFollowed) {
      return new NodesState.Unfollowed();
    }
    SortedMap<String, NodeNetwork> known = nodesMemory.get();
    if (!known.isEmpty()) {
      return new NodesState.Known(known);
    }
    return new NodesState.Unknown(
        nodes
            .map(ApiWatch::seen)
            .map(seen ->
                switch (seen) {
                  case ApiWatch.Seen.Nothing<NodeNetwork>(String why) -> why;
                  case ApiWatch.Seen.Listed<NodeNetwork> _ -> "it has no nodes";
                })
            .orElse("no cluster is followed"));
  }

  @Override
  public synchronized void vouch(Optional<Duration> lasts) {
    if (!lasts.equals(renewal.map(LeaseRenewal::lasts))) {
      renewal.ifPresent(held -> held.end(() -> {}));
      renewal =
          lasts.flatMap(each -> access.flatMap(to -> client.map(api -> renewal(api, to, each))));
    }
  }

  private LeaseRenewal renewal(ApiClient api, ClusterAccess to, Duration lasts) {
    return new LeaseRenewal(api, to.host().text(), lasts, clock, random, () -> lookAgain.run());
  }

  @Override
  public void fallSilent() {
    Optional<LeaseRenewal> held;
    synchronized (this) {
      held = renewal;
      renewal = Optional.empty();
    }
    try {
      if (held.isPresent()) {
        held.get().end(GIVEN_BACK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void heard(Optional<ApiFailure> failure) {
    synchronized (this) {
      Optional<ApiFailure> ofServer = failure.filter(ApiFailure::ofServer);
      if (ofServer.isPresent()) {
        health = Optional.of(new ApiHealth.Fails(ofServer.get().why(), false));
        failingSince = failingSince.equals(Instant.MAX) ? clock.instant() : failingSince;
      } else {
        health = Optional.of(new ApiHealth.Answers(client.flatMap(ApiClient::expires)));
        failingSince = Instant.MAX;
      }
    }
    lookAgain.run();
  }

  @Override
  public synchronized RegistryView observe() {
    if (access.isEmpty()) {
      return new RegistryView(
          new ApiHealth.Unasked(),
          new TreeMap<>(),
          enlisted.get(),
          nodesState(),
          new LeaseState.Untold(),
          requests.sum());
    }
    TreeMap<ResourceName, ResourceState> states = new TreeMap<>();
    watches.forEach((name, watch) -> states.put(name, state(name, watch)));
    return new RegistryView(
        health.map(this::lasting).orElse(new ApiHealth.Unasked()),
        states,
        enlisted.get(),
        nodesState(),
        renewal.map(LeaseRenewal::state).orElse(new LeaseState.Untold()),
        requests.sum());
  }

  private ApiHealth lasting(ApiHealth now) {
    return switch (now) {
      case ApiHealth.Fails(String why, boolean _) ->
          new ApiHealth.Fails(why, !failingSince.equals(Instant.MAX) && longAgo(failingSince));
      case ApiHealth.Answers _, ApiHealth.Unasked _ -> now;
    };
  }

  private boolean longAgo(Instant since) {
    return !clock.instant().isBefore(since.plus(HELD_UP));
  }

  private ResourceState state(ResourceName name, ApiWatch<JsonObject> watch) {
    boolean waited = longAgo(watch.began());
    return switch (watch.seen()) {
      case ApiWatch.Seen.Nothing<JsonObject>(String why) -> new ResourceState.Unknown(why, waited);
      case ApiWatch.Seen.Listed<JsonObject>(var all) when all.isEmpty() ->
          new ResourceState.Absent(waited);
      case ApiWatch.Seen.Listed<JsonObject>(var all) -> {
        ResourceState.Present present = ExternalWorkloadJson.present(all.firstEntry().getValue());
        yield new ResourceState.Present(
            present.says(), present.owner(), present.readiness(), peersHeard(name, present));
      }
    };
  }

  private boolean peersHeard(ResourceName name, ResourceState.Present present) {
    if (present.ready()) {
      unready.remove(name);
      Instant since = refused.get(name);
      return since != null && longAgo(since);
    }
    Instant since = unready.computeIfAbsent(name, _ -> clock.instant());
    Duration needed = access.map(ClusterAccess::propagation).orElse(Duration.ZERO);
    return !clock.instant().isBefore(since.plus(needed));
  }

  @Override
  public void onChange(Runnable again) {
    lookAgain = again;
  }

  @Override
  public void enlist(ResourceName resource, WorkloadName workload, ExternalWorkload says)
      throws HostException {
    enlisted.add(resource, workload);
    String body = ExternalWorkloadJson.applied(resource, owner(), says).toString();
    JsonObject there =
        send(api -> {
          Optional<String> clash = clash(api, resource, says);
          return clash.isPresent()
              ? refusal(clash.get())
              : api.call(
                  "PATCH", ExternalWorkloadJson.path(resource) + MANAGER, ApiClient.APPLY, body);
        });
    saw(resource, there);
  }

  private static JsonObject refusal(String why) throws ApiFailure {
    throw new ApiFailure(
        "the API to enlist a workload", ApiFailure.CONFLICT, why, Optional.empty());
  }

  /** Linkerd refuses whoever calls an address and port that two resources name. */
  private Optional<String> clash(ApiClient api, ResourceName resource, ExternalWorkload says)
      throws ApiFailure, InterruptedException {
    if (alreadyAt(resource, says)) {
      return Optional.empty();
    }
    JsonObject all;
    try {
      all =
          api.call(
              "GET",
              ExternalWorkloadJson.path(resource.namespace()) + "?resourceVersion=0",
              ApiClient.JSON,
              "");
    } catch (ApiFailure e) {
      if (e.status() == ApiFailure.FORBIDDEN) {
        LOG.debug("not looked for others at the same addresses: {}", e.getMessage());
        return Optional.empty();
      }
      throw e;
    }
    for (JsonObject each : ExternalWorkloadJson.objects(all, "items")) {
      String name = ExternalWorkloadJson.text(ExternalWorkloadJson.child(each, "metadata"), "name");
      Optional<ExternalWorkload> other = ExternalWorkloadJson.present(each).says();
      if (!name.equals(resource.name().text()) && other.isPresent()) {
        TreeSet<ServedAt> ports = new TreeSet<>(says.ports());
        ports.removeIf(port ->
            other.get().ports().stream().noneMatch(there -> there.port().equals(port.port())));
        if (!ports.isEmpty()
            && other.get().addresses().stream().anyMatch(says.addresses()::contains)) {
          return Optional.of(
              "ExternalWorkload "
                  + resource.namespace()
                  + "/"
                  + name
                  + " has port "
                  + ports.first().port()
                  + " at the same address, and Linkerd refuses calls to what two of them name:"
                  + " delete that one, or give this workload another port");
        }
      }
    }
    return Optional.empty();
  }

  private synchronized boolean alreadyAt(ResourceName resource, ExternalWorkload says) {
    return last(resource)
        .flatMap(json -> ExternalWorkloadJson.present(json).says())
        .filter(there ->
            there.addresses().equals(says.addresses()) && there.ports().equals(says.ports()))
        .isPresent();
  }

  @Override
  public void setReady(ResourceName resource, WorkloadName workload, Readiness readiness)
      throws HostException {
    enlisted.add(resource, workload);
    JsonObject patch = ExternalWorkloadJson.status(readiness, last(resource), clock.instant());
    try {
      JsonObject there =
          send(api ->
              api.call(
                  "PATCH",
                  ExternalWorkloadJson.path(resource) + "/status",
                  ApiClient.MERGE,
                  patch.toString()));
      saw(resource, there);
      refused(resource, false);
    } catch (HostException e) {
      refused(resource, !readiness.ready());
      throw e;
    }
  }

  private synchronized void refused(ResourceName resource, boolean now) {
    if (now) {
      refused.putIfAbsent(resource, clock.instant());
    } else {
      refused.remove(resource);
    }
  }

  private synchronized Optional<JsonObject> last(ResourceName resource) {
    ApiWatch<JsonObject> watch = watches.get(resource);
    return watch != null
            && watch.seen() instanceof ApiWatch.Seen.Listed<JsonObject>(var all)
            && !all.isEmpty()
        ? Optional.of(all.firstEntry().getValue())
        : Optional.empty();
  }

  private synchronized void saw(ResourceName resource, JsonObject there) {
    ApiWatch<JsonObject> watch = watches.get(resource);
    if (watch != null) {
      watch.saw(there);
    }
  }

  @Override
  public void withdraw(ResourceName resource, Parting how) throws HostException {
    String path = ExternalWorkloadJson.path(resource);
    switch (how) {
      case FORGET -> {}
      case EMPTY ->
          unlessGone(api ->
              api.call("PATCH", path, ApiClient.MERGE, ExternalWorkloadJson.emptied().toString()));
      case DELETE -> unlessGone(api -> api.call("DELETE", path, ApiClient.JSON, ""));
    }
    enlisted.remove(resource);
  }

  private void unlessGone(Request<JsonObject> request) throws HostException {
    send(api -> {
      try {
        return request.send(api);
      } catch (ApiFailure e) {
        if (e.status() == ApiFailure.NOT_FOUND) {
          return new JsonObject();
        }
        throw e;
      }
    });
  }

  private synchronized WorkloadName owner() throws HostException {
    return access.map(ClusterAccess::host).orElseThrow(KubernetesRegistry::unasked);
  }

  private static HostException unasked() {
    return new HostException.RpcFailed(
        "the Kubernetes API", "no cluster is configured any more", null);
  }

  private <T> T send(Request<T> request) throws HostException {
    ApiClient api;
    synchronized (this) {
      api = client.orElseThrow(KubernetesRegistry::unasked);
    }
    try {
      T answer = request.send(api);
      heard(Optional.empty());
      return answer;
    } catch (ApiFailure e) {
      heard(Optional.of(e));
      throw e.toHost();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HostException.RpcFailed("the Kubernetes API", "the agent stops", e);
    }
  }

  @Override
  public synchronized void close() {
    forget();
  }
}
