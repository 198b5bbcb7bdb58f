// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.host.HostFacts;
import io.meshx.agent.plan.Aspect;
import io.meshx.agent.plan.Blueprint;
import io.meshx.agent.plan.Desired;
import io.meshx.agent.plan.HostState;
import io.meshx.agent.plan.Look;
import io.meshx.agent.plan.Plan;
import io.meshx.agent.plan.Planner;
import io.meshx.agent.registry.NodesState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Uses the loop's parts once, for a command that ends. */
public final class OneShot {
  private final HostPorts ports;
  private final InstantSource clock;

  /** Makes one for a host. */
  public OneShot(HostPorts ports, InstantSource clock) {
    this.ports = ports;
    this.clock = clock;
  }

  /** Looks at everything and plans; changes nothing. SVIDs are not asked for. */
  public Plan survey(Blueprint blueprint) {
    Looks looks = new Looks(ports);
    HostState state =
        looks
            .runner(Aspect.FACTS, HostState.UNSEEN, blueprint, Desired.NOTHING)
            .run()
            .apply(HostState.UNSEEN);
    Desired desired =
        state.facts() instanceof Look.Saw<HostFacts>(HostFacts facts)
            ? blueprint.desired(facts, Optional.empty(), new NodesState.Unfollowed())
            : Desired.NOTHING;
    for (Aspect aspect :
        List.of(
            Aspect.UNITS,
            Aspect.FOREIGN_UNITS,
            Aspect.FILES,
            Aspect.ROUTES,
            Aspect.DNS,
            Aspect.RULES,
            Aspect.TRIAL,
            Aspect.CONNECTIONS,
            Aspect.FILTERS,
            Aspect.INLETS,
            Aspect.SPIRE_AGENT,
            Aspect.SVIDS,
            Aspect.PROXIES,
            Aspect.HEALTH,
            Aspect.REGISTRY)) {
      state = looks.runner(aspect, state, blueprint, desired).run().apply(state);
    }
    return Planner.plan(desired, state);
  }

  /**
   * Goes through a whole join on a host on which nothing is changed for real, until its plan is
   * complete or the time is over.
   *
   * @param reports gets each report
   * @param running runs the loop until it stops
   * @return the last report
   */
  public Report rehearse(
      Blueprint blueprint, Duration timeout, Consumer<Report> reports, Consumer<Loop> running) {
    Instant deadline = clock.instant().plus(timeout);
    AtomicReference<Report> last = new AtomicReference<>();
    AtomicReference<Loop> loop = new AtomicReference<>();
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      loop.set(
          new Loop(
              PlayedHost.of(ports, clock),
              blueprint,
              workers,
              clock,
              report -> {
                last.set(report);
                reports.accept(report);
                if ((report.fullPass().isPresent() && report.plan().complete())
                    || report.at().isAfter(deadline)) {
                  loop.get().stop();
                }
              }));
      running.accept(loop.get());
    }
    return last.get();
  }

  /**
   * Applies a blueprint until its plan is complete.
   *
   * @param timeout after which it gives up
   * @param progress gets a line for each change, and at the end one for each thing that is left
   * @return whether it was reached
   */
  public boolean reach(Blueprint blueprint, Duration timeout, Consumer<String> progress) {
    Instant deadline = clock.instant().plus(timeout);
    AtomicBoolean reached = new AtomicBoolean();
    AtomicReference<Loop> loop = new AtomicReference<>();
    AtomicReference<Plan> last = new AtomicReference<>();
    Set<Outcome> told = new HashSet<>();
    Consumer<Report> watch =
        report -> {
          last.set(report.plan());
          for (Outcome outcome : report.outcomes()) {
            if (told.add(outcome)) {
              progress.accept(line(outcome));
            }
          }
          boolean looked = report.fullPass().isPresent();
          if (looked && report.plan().complete()) {
            reached.set(true);
          }
          if (reached.get() || report.at().isAfter(deadline)) {
            loop.get().stop();
          }
        };
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      loop.set(new Loop(ports, blueprint, workers, clock, watch));
      loop.get().run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    if (!reached.get()) {
      progress.accept("not finished within " + timeout.toSeconds() + " s; what is left:");
      progress.accept(last.get().text());
    }
    return reached.get();
  }

  private static String line(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done done -> done.change() + " (" + done.took().toMillis() + " ms)";
      case Outcome.Failed failed -> "FAILED " + failed.change() + ": " + failed.why();
    };
  }
}
