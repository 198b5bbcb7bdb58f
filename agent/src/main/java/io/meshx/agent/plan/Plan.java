// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import java.util.List;
import java.util.stream.Stream;

/**
 * The difference between what is desired and what was observed: steps in order, with the changes
 * that can be made now and the gates that hold the others.
 *
 * @param steps the host's first, then each workload's by name
 * @param warnings what holds nothing up and should not stay as it is, each in words
 */
public record Plan(List<Step> steps, List<String> warnings) {
  /** Keeps copies. */
  public Plan {
    steps = List.copyOf(steps);
    warnings = List.copyOf(warnings);
  }

  /** The changes that can be made now, in order. */
  public List<Change> changes() {
    return steps.stream()
        .flatMap(step ->
            switch (step.progress()) {
              case Step.Progress.Changing changing -> changing.changes().stream();
              case Step.Progress.Done _, Step.Progress.Waiting _, Step.Progress.Held _ ->
                  Stream.of();
            })
        .toList();
  }

  /** Whether everything is as desired. */
  public boolean complete() {
    return steps.stream().allMatch(Step::done);
  }

  /**
   * Whether nothing stands in the way of a workload's start: its traffic is redirected, and that
   * has been tried.
   */
  public boolean mayStart(String workload) {
    return steps.stream()
            .filter(step -> step.scope().equals(workload) && step.done())
            .map(Step::name)
            .filter(WorkloadSteps.BEFORE_START::contains)
            .count()
        == WorkloadSteps.BEFORE_START.size();
  }

  /** Whether peers know of each workload what they are to know of it now. */
  public boolean told() {
    return steps.stream()
        .filter(step -> step.name().equals(RegistrySteps.READY))
        .allMatch(Step::done);
  }

  /** The plan for people: a line for each step, below its scope. */
  public String text() {
    StringBuilder text = new StringBuilder();
    String scope = "";
    for (Step step : steps) {
      if (!step.scope().equals(scope)) {
        scope = step.scope();
        text.append(scope).append('\n');
      }
      switch (step.progress()) {
        case Step.Progress.Done done -> line(text, '=', step.name(), done.detail());
        case Step.Progress.Changing changing -> {
          for (Change change : changing.changes()) {
            line(text, '+', step.name(), change.toString());
          }
        }
        case Step.Progress.Waiting waiting ->
            line(text, '?', step.name(), "waits for " + waiting.forWhat());
        case Step.Progress.Held held -> line(text, '.', step.name(), "after " + held.by());
      }
    }
    warnings.forEach(warning -> text.append("WARNING: ").append(warning).append('\n'));
    return text.toString();
  }

  private static void line(StringBuilder text, char sign, String name, String detail) {
    text.append("  ")
        .append(sign)
        .append(' ')
        .append(String.format("%-16s", name))
        .append(' ')
        .append(detail)
        .append('\n');
  }
}
