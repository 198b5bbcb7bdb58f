// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.plan.Step.Progress;
import java.util.ArrayList;
import java.util.List;

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

  Plan plan() {
    return new Plan(steps, warnings);
  }

  private static Progress gated(String scope, Progress progress, List<Step> needs) {
    for (Step need : needs) {
      if (!need.done()) {
        return new Progress.Held(
            need.scope().equals(scope) ? need.name() : need.scope() + ": " + need.name());
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
