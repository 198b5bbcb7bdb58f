// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.plan.Step.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A plan while it is made. A step that is not as wanted is held by the first earlier step that it
 * needs and that is not done; one that is as wanted is done whatever holds the others.
 */
final class Draft {
  private final List<Step> steps = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  void warn(String warning) {
    warnings.add(warning);
  }

  Step step(String scope, String name, Progress progress, List<Step> needs) {
    Step step =
        new Step(
            scope,
            name,
            progress instanceof Progress.Done ? progress : gated(scope, progress, needs));
    steps.add(step);
    return step;
  }

  Step step(String scope, String name, Progress progress, Step... needs) {
    return step(scope, name, progress, List.of(needs));
  }

  /**
   * What holds a scope up: its first step that is not done, or the one that this one is held by.
   *
   * @param besides name of a step that does not count
   */
  Optional<Step> open(String scope, String besides) {
    Optional<Step> open =
        steps.stream()
            .filter(
                step -> step.scope().equals(scope) && !step.name().equals(besides) && !step.done())
            .findFirst();
    Optional<Step> root = open;
    while (root.isPresent()) {
      open = root;
      root = root.flatMap(step -> holder(step));
    }
    return open;
  }

  private Optional<Step> holder(Step step) {
    return step.progress() instanceof Progress.Held(String by)
        ? steps.stream().filter(each -> name(each, step.scope()).equals(by)).findFirst()
        : Optional.empty();
  }

  private static String name(Step step, String from) {
    return step.scope().equals(from) ? step.name() : step.scope() + ": " + step.name();
  }

  Plan plan() {
    return new Plan(steps, warnings);
  }

  private static Progress gated(String scope, Progress progress, List<Step> needs) {
    for (Step need : needs) {
      if (!need.done()) {
        return new Progress.Held(name(need, scope));
      }
    }
    return progress;
  }

  /** Done when all are; else the changes of all, or the first that waits. */
  static Progress all(List<Progress> parts) {
    List<Change> changes = new ArrayList<>();
    List<String> details = new ArrayList<>();
    Progress waiting = null;
    for (Progress part : parts) {
      switch (part) {
        case Progress.Done done -> details.add(done.detail());
        case Progress.Changing changing -> changes.addAll(changing.changes());
        case Progress.Waiting _, Progress.Held _ -> waiting = waiting == null ? part : waiting;
      }
    }
    if (!changes.isEmpty()) {
      return new Progress.Changing(changes);
    }
    return waiting == null ? new Progress.Done(String.join("; ", details)) : waiting;
  }

  /** The first that is not done, else the last. */
  static Progress inOrder(Progress... parts) {
    for (Progress part : parts) {
      if (!(part instanceof Progress.Done)) {
        return part;
      }
    }
    return parts[parts.length - 1];
  }
}
