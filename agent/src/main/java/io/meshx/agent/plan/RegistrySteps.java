// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.registry.LeaseState;
import io.meshx.agent.registry.Parting;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the cluster is told. Nothing on the host waits for it, but for a few seconds: a proxy that
 * starts before its resource exists gets its policies up to a minute later (linkerd2-proxy's watch
 * of policies), and a workload that leaves is stopped when peers have heard of it.
 */
final class RegistrySteps {
  /** The step by which the cluster knows a workload. */
  static final String EXTERNAL_WORKLOAD = "ExternalWorkload";

  /** The step by which peers know whether they may choose it. */
  static final String READY = "Ready";

  /** What heals by itself within this time is not told. */
  private static final Duration SURE = Duration.ofMillis(500);

  /** How long other words for the same have to hold. */
  private static final Duration WORDS = Duration.ofSeconds(5);

  private final Draft draft;
  private final Observations see;
  private final HostState observed;

  RegistrySteps(Draft draft, HostState observed) {
    this.draft = draft;
    this.observed = observed;
    this.see = new Observations(observed);
  }

  /** Whether the cluster's API answers. */
  void api(Desired.ClusterPart cluster) {
    if (cluster.draining()) {
      draft.warn("this host is drained: peers choose no workload of it until 'meshx undrain'");
    }
    draft.step(
        Step.HOST,
        "Kubernetes API",
        see.of(
            observed.registry(),
            "the cluster",
            view ->
                switch (view.api()) {
                  case ApiHealth.Unasked _ -> new Progress.Done("has nothing to be told");
                  case ApiHealth.Answers(Optional<Instant> expires) ->
                      new Progress.Done(
                          "https://"
                              + cluster.access().api().server()
                              + " answers"
                              + expires.map(end -> "; the credentials expire " + end).orElse(""));
                  case ApiHealth.Fails(String why, boolean _) ->
                      new Progress.Waiting("the Kubernetes API: " + why);
                }));
  }

  /** Whether the cluster knows that this host lives; nothing waits for it. */
  void lease(Desired.ClusterPart cluster) {
    if (cluster.lease().isEmpty()) {
      return;
    }
    draft.step(
        Step.HOST,
        "lease",
        see.of(
            observed.registry(),
            "the cluster",
            view ->
                switch (view.lease()) {
                  case LeaseState.Untold _ -> new Progress.Waiting("the Kubernetes API");
                  case LeaseState.Renewed _ ->
                      new Progress.Done(
                          Lease.NAMESPACE
                              + "/"
                              + cluster.access().host()
                              + ", renewed for "
                              + cluster.lease().get().toSeconds()
                              + " s each time");
                  case LeaseState.Fails(String why) ->
                      new Progress.Waiting("the Kubernetes API: " + why);
                }));
  }

  /**
   * A workload's resource.
   *
   * @return the step that its proxy's start waits for, if that is worth waiting for now
   */
  Optional<Step> resource(
      WorkloadName workload, Desired.Enlistment wanted, Desired.ClusterPart cluster) {
    Step step =
        draft.step(
            workload.text(),
            EXTERNAL_WORKLOAD,
            see.of(
                observed.registry(),
                "the cluster",
                view ->
                    switch (state(view, wanted.resource())) {
                      case ResourceState.Unknown(String why, boolean _) ->
                          new Progress.Waiting("the Kubernetes API: " + why);
                      case ResourceState.Absent _ ->
                          cluster.creates()
                              ? enlisted(workload, wanted)
                              : new Progress.Waiting(
                                  "ExternalWorkload "
                                      + wanted.resource()
                                      + ", which somebody else makes, since kubernetes.manage is"
                                      + " \"status-only\"");
                      case ResourceState.Present present ->
                          cluster.creates()
                              ? kept(workload, wanted, cluster, present)
                              : known(wanted, present);
                    }));
    return observed.registry() instanceof Look.Saw<RegistryView>(RegistryView view)
            && switch (state(view, wanted.resource())) {
              case ResourceState.Unknown(String _, boolean waited) -> !waited;
              case ResourceState.Absent(boolean waited) -> !waited;
              case ResourceState.Present _ -> false;
            }
        ? Optional.of(step)
        : Optional.empty();
  }

  private static Progress kept(
      WorkloadName workload,
      Desired.Enlistment wanted,
      Desired.ClusterPart cluster,
      ResourceState.Present present) {
    WorkloadName host = cluster.access().host();
    Optional<String> foreign = foreign(wanted.resource(), host, present);
    if (foreign.isPresent()) {
      return new Progress.Waiting(foreign.get());
    }
    return present.says().filter(wanted.says()::saidBy).isPresent()
        ? new Progress.Done(wanted.resource().toString())
        : enlisted(workload, wanted);
  }

  private static Progress enlisted(WorkloadName workload, Desired.Enlistment wanted) {
    return new Progress.Changing(
        List.of(new Change.Enlist(wanted.resource(), workload, wanted.says())));
  }

  private static Optional<String> foreign(
      ResourceName resource, WorkloadName host, ResourceState.Present present) {
    if (present.owner().equals(Optional.of(host))) {
      return Optional.empty();
    }
    return Optional.of(
        "ExternalWorkload "
            + resource
            + ", which "
            + present
                .owner()
                .map(owner ->
                    "belongs to the host "
                        + owner
                        + ": give this workload another external_workload, or this host another"
                        + " host.name")
                .orElse(
                    "somebody else has made: hand it over with 'kubectl -n "
                        + resource.namespace()
                        + " label externalworkload "
                        + resource.name()
                        + " meshx.io/host="
                        + host
                        + "', or set kubernetes.manage to \"status-only\""));
  }

  private Progress known(Desired.Enlistment wanted, ResourceState.Present present) {
    ExternalWorkload says = wanted.says();
    Optional<ExternalWorkload> there = present.says();
    if (there.isEmpty()
        || !there.get().identity().equals(says.identity())
        || !there.get().serverName().equals(says.serverName())) {
      draft.warn(
          "ExternalWorkload "
              + wanted.resource()
              + " has another identity or server name than the proxy, "
              + says.identity()
              + " and "
              + says.serverName()
              + ": peers refuse it");
    }
    return new Progress.Done(wanted.resource() + ", made by somebody else");
  }

  /**
   * What is restarted because its configuration has changed, or because the roots have: peers hear
   * of it first, if that is asked for and they can be told.
   */
  Progress restart(Progress progress, Desired.Enlistment wanted, Desired.ClusterPart cluster) {
    boolean stops =
        progress instanceof Progress.Changing(List<Change> changes)
            && changes.stream()
                .anyMatch(change ->
                    change instanceof Change.StopUnit || change instanceof Change.RestartUnit);
    if (!stops || !cluster.drainsForRestarts()) {
      return progress;
    }
    return observed.registry() instanceof Look.Saw<RegistryView>(RegistryView view)
            && view.api() instanceof ApiHealth.Answers
            && state(view, wanted.resource()) instanceof ResourceState.Present present
            && !present.heard()
        ? waitsForPeers(cluster)
        : progress;
  }

  /** Whether peers may choose a workload, which depends on all its steps until now. */
  void ready(WorkloadName workload, Desired.Enlistment wanted, Desired.ClusterPart cluster) {
    WorkloadName host = cluster.access().host();
    Optional<Step> open = draft.open(workload.text(), EXTERNAL_WORKLOAD);
    if (!cluster.draining() && open.filter(Observations::unseen).isPresent()) {
      // An agent that has just started does not know yet, and what was said before stays.
      draft.step(workload.text(), READY, open.get().progress());
      return;
    }
    Readiness readiness =
        cluster.draining()
            ? new Readiness(false, "Draining", "host " + host + " is drained")
            : open.map(RegistrySteps::notReady)
                .orElse(new Readiness(true, "Joined", "host " + host + " serves it"));
    draft.step(
        workload.text(),
        READY,
        see.of(
            observed.registry(),
            "the cluster",
            view ->
                switch (state(view, wanted.resource())) {
                  case ResourceState.Unknown _, ResourceState.Absent _ ->
                      new Progress.Waiting("ExternalWorkload " + wanted.resource());
                  case ResourceState.Present present ->
                      cluster.creates() && foreign(wanted.resource(), host, present).isPresent()
                          ? new Progress.Waiting("ExternalWorkload " + wanted.resource())
                          : Draft.inOrder(
                              told(
                                  new Change.SetReady(
                                      wanted.resource(),
                                      workload,
                                      readiness,
                                      patience(readiness, present.readiness(), cluster)),
                                  present.readiness()),
                              heard(cluster, present));
                }));
  }

  private static Progress heard(Desired.ClusterPart cluster, ResourceState.Present present) {
    if (!cluster.draining()) {
      return new Progress.Done(
          present.ready() ? "peers may choose it" : "peers are told why they may not choose it");
    }
    return present.heard()
        ? new Progress.Done("drained: peers have had the time to hear it")
        : waitsForPeers(cluster);
  }

  private static Progress waitsForPeers(Desired.ClusterPart cluster) {
    return new Progress.Waiting(
        "peers to hear that it is not ready any more ("
            + cluster.access().propagation().toSeconds()
            + " s, kubernetes.propagation)");
  }

  private static Readiness notReady(Step step) {
    return new Readiness(
        false,
        Readiness.reason(step.name()),
        step.name()
            + switch (step.progress()) {
              case Progress.Done(String detail) -> ": " + detail;
              case Progress.Changing changing -> ": " + changing.changes().getFirst();
              case Progress.Waiting(String forWhat) -> " waits for " + forWhat;
              case Progress.Held(String by) -> " comes after " + by;
            });
  }

  private static Progress told(Change.SetReady wanted, Optional<Readiness> said) {
    return said.equals(Optional.of(wanted.readiness()))
        ? new Progress.Done("")
        : new Progress.Changing(List.of(wanted));
  }

  private static Duration patience(
      Readiness wanted, Optional<Readiness> said, Desired.ClusterPart cluster) {
    boolean otherWords =
        said.filter(before ->
                before.ready() == wanted.ready() && before.reason().equals(wanted.reason()))
            .isPresent();
    if (otherWords) {
      return WORDS;
    }
    return wanted.ready() || cluster.draining() ? Duration.ZERO : SURE;
  }

  /**
   * Takes workloads out of the cluster that are not wanted any more.
   *
   * @return the steps that a workload's stop waits for, by its name
   */
  SortedMap<WorkloadName, Step> withdraw(Desired desired) {
    TreeMap<WorkloadName, Step> gates = new TreeMap<>();
    if (desired.host().isEmpty()
        || !(observed.registry() instanceof Look.Saw<RegistryView>(RegistryView view))) {
      return gates;
    }
    for (Map.Entry<ResourceName, WorkloadName> entry : view.enlisted().entrySet()) {
      ResourceName resource = entry.getKey();
      if (desired.resources().contains(resource)) {
        continue;
      }
      if (desired.cluster().isEmpty()) {
        draft.warn(
            "ExternalWorkload "
                + resource
                + " stays as it is, since kubernetes.server is not set any more");
        continue;
      }
      Desired.ClusterPart cluster = desired.cluster().get();
      Step step =
          draft.step(
              entry.getValue().text(),
              "withdraw",
              withdrawn(resource, entry.getValue(), cluster, state(view, resource)));
      if (!step.done() && holds(view, resource)) {
        gates.put(entry.getValue(), step);
      }
    }
    return gates;
  }

  /** What takes all workloads out of a cluster, as far as it can be done now. */
  static List<Change> farewell(Desired.ClusterPart cluster, RegistryView view) {
    List<Change> changes = new ArrayList<>();
    view.enlisted()
        .forEach((resource, workload) -> {
          if (withdrawn(resource, workload, cluster, state(view, resource))
              instanceof Progress.Changing(List<Change> now)) {
            changes.addAll(now);
          }
        });
    return changes;
  }

  private static boolean holds(RegistryView view, ResourceName resource) {
    return !(view.api() instanceof ApiHealth.Fails(String _, boolean lasting) && lasting)
        && switch (state(view, resource)) {
          case ResourceState.Unknown(String _, boolean waited) -> !waited;
          case ResourceState.Absent _ -> false;
          case ResourceState.Present present -> !present.heard();
        };
  }

  private static Progress withdrawn(
      ResourceName resource,
      WorkloadName workload,
      Desired.ClusterPart cluster,
      ResourceState state) {
    return switch (state) {
      case ResourceState.Unknown(String why, boolean _) ->
          new Progress.Waiting("the Kubernetes API: " + why);
      case ResourceState.Absent _ ->
          new Progress.Changing(List.of(new Change.Withdraw(resource, Parting.FORGET)));
      case ResourceState.Present present -> {
        if (cluster.creates() && foreign(resource, cluster.access().host(), present).isPresent()) {
          yield new Progress.Changing(List.of(new Change.Withdraw(resource, Parting.FORGET)));
        }
        if (present.ready()) {
          yield new Progress.Changing(
              List.of(
                  new Change.SetReady(
                      resource, workload, leaving(cluster.access().host()), Duration.ZERO)));
        }
        yield present.heard()
            ? new Progress.Changing(List.of(new Change.Withdraw(resource, parting(cluster))))
            : waitsForPeers(cluster);
      }
    };
  }

  private static Parting parting(Desired.ClusterPart cluster) {
    if (!cluster.creates()) {
      return Parting.FORGET;
    }
    return cluster.deletes() ? Parting.DELETE : Parting.EMPTY;
  }

  /** What is said of a workload that leaves. */
  private static Readiness leaving(WorkloadName host) {
    return new Readiness(false, "Leaving", "the workload leaves the mesh on host " + host);
  }

  private static ResourceState state(RegistryView view, ResourceName resource) {
    ResourceState state = view.resources().get(resource);
    return state == null ? new ResourceState.Unknown("it is asked first", false) : state;
  }
}
