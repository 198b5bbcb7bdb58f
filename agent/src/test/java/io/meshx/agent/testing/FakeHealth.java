// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.health.Health;
import io.meshx.agent.health.Probe;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.health.Target;
import io.meshx.agent.health.Verdict;
import io.meshx.agent.health.Watched;
import io.meshx.agent.model.WorkloadName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Probes whose outcome a test says; each try counts at once. */
public final class FakeHealth implements Health {
  private final TreeMap<WorkloadName, Watched> watched = new TreeMap<>();
  private final Map<Target, String> failing = new HashMap<>();
  private final Set<Target> untried = new HashSet<>();
  private final Map<Target, Integer> falls = new HashMap<>();
  private Runnable lookAgain = () -> {};

  /** Has a target fail. */
  public void fail(Target target, String why) {
    untried.remove(target);
    if (failing.put(target, why) == null) {
      falls.merge(target, 1, Integer::sum);
    }
    lookAgain.run();
  }

  /** Has a target pass. */
  public void pass(Target target) {
    untried.remove(target);
    failing.remove(target);
    lookAgain.run();
  }

  /** Has nothing be known of a target. */
  public void untried(Target target) {
    untried.add(target);
    lookAgain.run();
  }

  /** What is followed. */
  public SortedMap<WorkloadName, Watched> watched() {
    return watched;
  }

  @Override
  public void follow(SortedMap<WorkloadName, Watched> workloads) {
    if (!watched.equals(workloads)) {
      for (Map.Entry<WorkloadName, Watched> each : workloads.entrySet()) {
        if (!each.getValue().equals(watched.get(each.getKey()))) {
          each.getValue().probes().forEach(probe -> falls.remove(probe.target()));
        }
      }
      watched.clear();
      watched.putAll(workloads);
      lookAgain.run();
    }
  }

  @Override
  public SortedMap<WorkloadName, List<ProbeState>> observe() {
    TreeMap<WorkloadName, List<ProbeState>> states = new TreeMap<>();
    watched.forEach((name, each) -> {
      List<ProbeState> probes = new ArrayList<>();
      for (Probe probe : each.probes()) {
        probes.add(
            new ProbeState(
                probe.target(), verdict(probe.target()), falls.getOrDefault(probe.target(), 0)));
      }
      states.put(name, probes);
    });
    return states;
  }

  private Verdict verdict(Target target) {
    if (untried.contains(target)) {
      return new Verdict.Pending("");
    }
    return failing.containsKey(target)
        ? new Verdict.Failing(Objects.requireNonNull(failing.get(target), "it is there"))
        : new Verdict.Passing();
  }

  @Override
  public void onChange(Runnable again) {
    lookAgain = again;
  }

  @Override
  public void close() {}
}
