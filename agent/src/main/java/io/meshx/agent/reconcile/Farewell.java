// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.model.HostException;
import io.meshx.agent.plan.Change;
import io.meshx.agent.plan.Desired;
import io.meshx.agent.plan.Planner;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.Registry;
import io.meshx.agent.registry.RegistryView;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Takes all workloads of a host out of the cluster, before anything on the host is stopped. */
public final class Farewell {
  private static final long LOOK_MILLIS = 100;

  private final Registry registry;
  private final Applier applier;
  private final InstantSource clock;
  private final Consumer<String> progress;

  /**
   * Says nothing yet.
   *
   * @param progress gets a line for each thing that is said
   */
  public Farewell(HostPorts ports, InstantSource clock, Consumer<String> progress) {
    this.registry = ports.registry();
    this.applier = new Applier(ports);
    this.clock = clock;
    this.progress = progress;
  }

  /**
   * Says it, and waits until peers have heard; gives up when the cluster cannot be reached.
   *
   * @param cluster how that is done
   * @param patience how long it may take in all
   */
  public void say(Desired.ClusterPart cluster, Duration patience) {
    LinkedBlockingQueue<Boolean> signals = new LinkedBlockingQueue<>();
    registry.onChange(() -> signals.add(true));
    registry.follow(Optional.of(cluster.access()), new TreeSet<>());
    Instant end = clock.instant().plus(patience);
    String why = "they have not had the time to hear that it leaves";
    try {
      RegistryView view = registry.observe();
      while (!view.enlisted().isEmpty() && clock.instant().isBefore(end)) {
        if (view.api() instanceof ApiHealth.Fails(String failure, boolean lasting)) {
          why = failure;
          if (lasting) {
            break;
          }
        }
        for (Change change : Planner.farewell(cluster, view)) {
          try {
            applier.apply(change);
            progress.accept(change.toString());
          } catch (HostException e) {
            why = String.valueOf(e.getMessage());
          }
        }
        signals.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        view = registry.observe();
      }
      if (!view.enlisted().isEmpty()) {
        progress.accept("peers may still choose " + view.enlisted().keySet() + ": " + why);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
