// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.LeaseState;
import io.meshx.agent.registry.NodesState;
import io.meshx.agent.registry.Parting;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.Registry;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** A cluster in memory. */
public final class FakeRegistry implements Registry {
  private final TreeMap<ResourceName, ResourceState.Present> there = new TreeMap<>();
  private final TreeMap<ResourceName, WorkloadName> enlisted = new TreeMap<>();
  private final Map<ResourceName, Set<String>> applied = new HashMap<>();
  private final TreeSet<ResourceName> followed = new TreeSet<>();
  private final List<String> said = new ArrayList<>();
  private Optional<ClusterAccess> access = Optional.empty();
  private Optional<String> failing = Optional.empty();
  private Optional<String> leaseRefused = Optional.empty();
  private NodesState nodes = new NodesState.Unknown("it has not been asked");
  private boolean nodesFollowed;
  private Optional<Duration> vouches = Optional.empty();
  private boolean waited;
  private boolean heard = true;
  private Runnable lookAgain = () -> {};

  /** Has it answer nothing any more, or answer again. */
  public void fail(Optional<String> why) {
    failing = why;
    lookAgain.run();
  }

  /** Has it refuse the host's lease and nothing else, or take it again. */
  public void refuseLease(Optional<String> why) {
    leaseRefused = why;
    lookAgain.run();
  }

  /** Says whether what it does not know has been waited for. */
  public void waited(boolean by) {
    waited = by;
    lookAgain.run();
  }

  /** Says whether peers have heard of what is not ready. */
  public void heard(boolean by) {
    heard = by;
    lookAgain.run();
  }

  /** Has somebody else make a resource, or change it. */
  public void put(ResourceName resource, ResourceState.Present present) {
    there.put(resource, present);
    lookAgain.run();
  }

  /** Has somebody else delete a resource. */
  public void delete(ResourceName resource) {
    there.remove(resource);
    lookAgain.run();
  }

  /** What a resource is. */
  public Optional<ResourceState.Present> get(ResourceName resource) {
    return Optional.ofNullable(there.get(resource));
  }

  /** All that was ever said of being ready, in order. */
  public List<String> said() {
    return said;
  }

  @Override
  public void follow(Optional<ClusterAccess> wanted, SortedSet<ResourceName> resources) {
    access = wanted;
    followed.clear();
    if (wanted.isPresent()) {
      followed.addAll(resources);
      followed.addAll(enlisted.keySet());
    }
  }

  @Override
  public RegistryView observe() {
    if (access.isEmpty()) {
      return new RegistryView(
          new ApiHealth.Unasked(), new TreeMap<>(), enlisted, nodes(), new LeaseState.Untold(), 0);
    }
    SortedMap<ResourceName, ResourceState> states = new TreeMap<>();
    followed.forEach(name -> states.put(name, state(name)));
    return new RegistryView(
        failing
            .<ApiHealth>map(why -> new ApiHealth.Fails(why, waited))
            .orElse(new ApiHealth.Answers(Optional.empty())),
        states,
        enlisted,
        nodes(),
        lease(),
        0);
  }

  private LeaseState lease() {
    if (vouches.isEmpty()) {
      return new LeaseState.Untold();
    }
    return failing
        .or(() -> leaseRefused)
        .<LeaseState>map(LeaseState.Fails::new)
        .orElse(new LeaseState.Renewed());
  }

  /** Says what the cluster's nodes are. */
  public void nodes(NodesState state) {
    nodes = state;
    lookAgain.run();
  }

  @Override
  public void followNodes(boolean whether) {
    nodesFollowed = whether;
  }

  private NodesState nodes() {
    return nodesFollowed ? nodes : new NodesState.Unfollowed();
  }

  @Override
  public void vouch(Optional<Duration> lasts) {
    vouches = lasts;
  }

  @Override
  public void fallSilent() {
    vouches = Optional.empty();
  }

  private ResourceState state(ResourceName name) {
    ResourceState.Present present = there.get(name);
    if (present != null) {
      return new ResourceState.Present(
          present.says(), present.owner(), present.readiness(), heard && !present.ready());
    }
    return failing
        .<ResourceState>map(why -> new ResourceState.Unknown(why, waited))
        .orElse(new ResourceState.Absent(waited));
  }

  @Override
  public void onChange(Runnable again) {
    lookAgain = again;
  }

  private void answer() throws HostException {
    if (failing.isPresent()) {
      throw new HostException.RpcFailed("the cluster", failing.get(), null);
    }
  }

  @Override
  public void enlist(ResourceName resource, WorkloadName workload, ExternalWorkload says)
      throws HostException {
    enlisted.put(resource, workload);
    answer();
    for (Map.Entry<ResourceName, ResourceState.Present> other : there.entrySet()) {
      if (!other.getKey().equals(resource)
          && other.getKey().namespace().equals(resource.namespace())
          && other.getValue().says().filter(it -> clash(it, says)).isPresent()) {
        throw new HostException.RpcFailed(
            "the cluster", other.getKey() + " is at the same address", null);
      }
    }
    Optional<ResourceState.Present> before = get(resource);
    TreeMap<String, String> labels = new TreeMap<>(says.labels());
    Set<String> ours = applied.getOrDefault(resource, Set.of());
    before
        .flatMap(ResourceState.Present::says)
        .ifPresent(it ->
            it.labels()
                .forEach((key, value) -> {
                  if (!ours.contains(key)) {
                    labels.putIfAbsent(key, value);
                  }
                }));
    applied.put(resource, says.labels().keySet());
    there.put(
        resource,
        new ResourceState.Present(
            Optional.of(
                new ExternalWorkload(
                    says.identity(),
                    says.serverName(),
                    says.addresses(),
                    says.ports(),
                    labels,
                    says.annotations())),
            access.map(ClusterAccess::host),
            before.flatMap(ResourceState.Present::readiness),
            false));
  }

  private static boolean clash(ExternalWorkload one, ExternalWorkload other) {
    return one.addresses().stream().anyMatch(other.addresses()::contains)
        && one.ports().stream()
            .anyMatch(
                port -> other.ports().stream().anyMatch(each -> each.port().equals(port.port())));
  }

  @Override
  public void setReady(ResourceName resource, WorkloadName workload, Readiness readiness)
      throws HostException {
    enlisted.put(resource, workload);
    answer();
    ResourceState.Present before = there.get(resource);
    if (before == null) {
      throw new HostException.RpcFailed("the cluster", "there is no " + resource, null);
    }
    said.add(readiness.toString());
    there.put(
        resource,
        new ResourceState.Present(before.says(), before.owner(), Optional.of(readiness), false));
  }

  @Override
  public void withdraw(ResourceName resource, Parting how) throws HostException {
    switch (how) {
      case FORGET -> {}
      case EMPTY -> {
        answer();
        get(resource)
            .ifPresent(before ->
                there.put(
                    resource,
                    new ResourceState.Present(
                        before.says().map(FakeRegistry::emptied),
                        before.owner(),
                        before.readiness(),
                        before.heard())));
      }
      case DELETE -> {
        answer();
        there.remove(resource);
      }
    }
    enlisted.remove(resource);
  }

  private static ExternalWorkload emptied(ExternalWorkload says) {
    return new ExternalWorkload(
        says.identity(),
        says.serverName(),
        List.of(),
        new TreeSet<>(),
        says.labels(),
        says.annotations());
  }

  @Override
  public void close() {}
}
