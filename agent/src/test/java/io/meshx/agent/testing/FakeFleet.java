// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.Fleet;
import io.meshx.agent.registry.FleetView;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** Hosts of a cluster in memory. */
public final class FakeFleet implements Fleet {
  private final TreeMap<WorkloadName, Lease> leases = new TreeMap<>();
  private final TreeMap<ResourceName, WorkloadName> owners = new TreeMap<>();
  private final TreeMap<ResourceName, Readiness> said = new TreeMap<>();
  private Optional<Lease> leader = Optional.empty();
  private Optional<String> failing = Optional.empty();
  private Optional<TreeMap<WorkloadName, Lease>> stale = Optional.empty();
  private Runnable lookAgain = () -> {};
  private int version;

  /** Has it answer nothing any more, or answer again. */
  public void fail(Optional<String> why) {
    failing = why;
    lookAgain.run();
  }

  /** Has news of leases come no more, or come again; who asks is answered. */
  public void silent(boolean by) {
    stale = by ? Optional.of(new TreeMap<>(leases)) : Optional.empty();
    lookAgain.run();
  }

  /** A host takes its lease, or renews it. */
  public void renew(WorkloadName host, Duration lasts) {
    leases.put(host, lease(host.text(), lasts));
    lookAgain.run();
  }

  /** A host gives its lease back. */
  public void give(WorkloadName host) {
    leases.put(host, free());
    lookAgain.run();
  }

  /** A host says something of a workload. */
  public void say(WorkloadName host, ResourceName resource, Readiness readiness) {
    owners.put(resource, host);
    said.put(resource, readiness);
  }

  /** What a workload says of being ready. */
  public Readiness readiness(ResourceName resource) {
    return Objects.requireNonNull(said.get(resource), "no host has said anything of it");
  }

  private Lease lease(String holder, Duration lasts) {
    version++;
    return new Lease(Optional.of(holder), lasts, "at " + version, String.valueOf(version));
  }

  private Lease free() {
    version++;
    return new Lease(Optional.empty(), Duration.ofSeconds(1), "", String.valueOf(version));
  }

  @Override
  public FleetView observe() {
    TreeMap<WorkloadName, Lease> held = new TreeMap<>(stale.orElse(leases));
    held.values().removeIf(lease -> lease.holder().isEmpty());
    return new FleetView(
        failing
            .<ApiHealth>map(why -> new ApiHealth.Fails(why, false))
            .orElse(new ApiHealth.Answers(Optional.empty())),
        true,
        held,
        leader);
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
  public Optional<Lease> ask(WorkloadName host) throws HostException {
    answer();
    return Optional.ofNullable(leases.get(host));
  }

  @Override
  public boolean lead(Optional<Lease> before, String who, Duration lasts) throws HostException {
    answer();
    if (!before.map(Lease::version).equals(leader.map(Lease::version))) {
      return false;
    }
    leader = Optional.of(lease(who, lasts));
    return true;
  }

  @Override
  public void resign(Lease before) throws HostException {
    answer();
    if (leader.filter(lease -> lease.version().equals(before.version())).isPresent()) {
      leader = Optional.of(free());
    }
  }

  @Override
  public List<ResourceName> abandon(WorkloadName host, Lease lease, Readiness says)
      throws HostException {
    answer();
    List<ResourceName> told = new ArrayList<>();
    for (Map.Entry<ResourceName, WorkloadName> each : owners.entrySet()) {
      if (each.getValue().equals(host) && readiness(each.getKey()).ready()) {
        said.put(each.getKey(), says);
        told.add(each.getKey());
      }
    }
    Lease there = leases.get(host);
    if (there != null && there.version().equals(lease.version())) {
      give(host);
    }
    return told;
  }

  @Override
  public void close() {}
}
