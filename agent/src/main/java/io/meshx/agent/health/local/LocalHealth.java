// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health.local;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.health.Confinement;
import io.meshx.agent.health.Health;
import io.meshx.agent.health.Probe;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.health.Tally;
import io.meshx.agent.health.Watched;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.socket.UnixSockets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Probes on threads of their own, one for each. */
public final class LocalHealth implements Health {
  private final Prober prober;
  private final InstantSource clock;
  private final Map<WorkloadName, Rounds> rounds = new HashMap<>();
  private volatile Runnable lookAgain = () -> {};

  /**
   * Probes nothing yet.
   *
   * @param commands must let a program run for as long as the longest timeout
   */
  public LocalHealth(Commands commands, UnixSockets sockets, InstantSource clock) {
    this.prober = new Prober(commands, sockets);
    this.clock = clock;
  }

  /** The probes of one run of a workload. */
  private record Rounds(Watched watched, List<Round> each) {
    void end() {
      each.forEach(round -> round.over.countDown());
    }
  }

  /** One probe, again and again. */
  private final class Round {
    private final CountDownLatch over = new CountDownLatch(1);
    private final Probe probe;
    private final Confinement confinement;
    private final String unit;
    private final Tally tally;

    Round(Probe probe, Confinement confinement, String unit) {
      this.probe = probe;
      this.confinement = confinement;
      this.unit = unit;
      this.tally = new Tally(probe);
      Thread.ofVirtual().name("probe " + probe.target()).start(this::run);
    }

    private void run() {
      try {
        Duration wait = probe.startDelay();
        while (!over.await(wait.toNanos(), TimeUnit.NANOSECONDS)) {
          Instant began = clock.instant();
          once(began);
          Duration rest = pause().minus(Duration.between(began, clock.instant()));
          wait = rest.isNegative() ? Duration.ZERO : rest;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void once(Instant began) throws InterruptedException {
      ProbeState before = state();
      try {
        prober.attempt(probe.target(), probe.timeout(), confinement, unit);
        count(() -> tally.passed());
      } catch (ProbeFailed e) {
        count(() -> tally.failed(e.how(), began));
      }
      if (!state().equals(before) && over.getCount() > 0) {
        lookAgain.run();
      }
    }

    private synchronized void count(Runnable how) {
      how.run();
    }

    private synchronized Duration pause() {
      return tally.pause();
    }

    private synchronized ProbeState state() {
      return tally.state();
    }
  }

  @Override
  public void follow(SortedMap<WorkloadName, Watched> workloads) {
    if (change(workloads)) {
      lookAgain.run();
    }
  }

  private synchronized boolean change(SortedMap<WorkloadName, Watched> workloads) {
    boolean changed =
        rounds
            .entrySet()
            .removeIf(entry -> {
              boolean gone = !entry.getValue().watched().equals(workloads.get(entry.getKey()));
              if (gone) {
                entry.getValue().end();
              }
              return gone;
            });
    for (Map.Entry<WorkloadName, Watched> each : workloads.entrySet()) {
      if (!rounds.containsKey(each.getKey())) {
        rounds.put(each.getKey(), begin(each.getKey(), each.getValue()));
        changed = true;
      }
    }
    return changed;
  }

  private Rounds begin(WorkloadName name, Watched watched) {
    List<Round> each = new ArrayList<>();
    for (Probe probe : watched.probes()) {
      each.add(new Round(probe, watched.confinement(), Prober.unit(name, each.size())));
    }
    return new Rounds(watched, List.copyOf(each));
  }

  @Override
  public synchronized SortedMap<WorkloadName, List<ProbeState>> observe() {
    TreeMap<WorkloadName, List<ProbeState>> states = new TreeMap<>();
    rounds.forEach((name, all) -> states.put(name, all.each().stream().map(Round::state).toList()));
    return states;
  }

  @Override
  public void onChange(Runnable again) {
    lookAgain = again;
  }

  @Override
  public synchronized void close() {
    rounds.values().forEach(Rounds::end);
    rounds.clear();
    prober.close();
  }
}
