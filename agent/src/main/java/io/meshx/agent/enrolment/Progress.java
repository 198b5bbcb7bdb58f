// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import io.meshx.agent.status.Snapshot;
import io.meshx.agent.status.Snapshot.StepLine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What is new in each status of an agent that joins, for somebody who looks on. */
public final class Progress {
  /** Most steps wait for a moment only. */
  private static final Duration WORTH_A_WORD = Duration.ofSeconds(2);

  private static final String CONFIRMATION = "confirmation";

  private final Set<String> done = new HashSet<>();
  private final Map<String, Wait> waiting = new HashMap<>();

  /** Numbers in it count seconds and attempts, and are no news. */
  private record Wait(String detail, Duration since, boolean told) {}

  /** Has told nothing yet. */
  public Progress() {}

  /**
   * Lines about what has changed.
   *
   * @param elapsed since the join began
   */
  public List<String> news(Snapshot now, Duration elapsed) {
    List<String> lines = new ArrayList<>();
    for (StepLine step : now.steps()) {
      String name = step.scope() + " " + step.name();
      if (step.state().equals("done")) {
        waiting.remove(name);
        if (done.add(name)) {
          lines.add(line(step, elapsed));
        }
      } else if (step.state().equals("waiting")) {
        String detail = step.detail().replaceAll("\\d+", "N");
        Wait before = waiting.get(name);
        if (before == null || !before.detail().equals(detail)) {
          waiting.put(name, new Wait(detail, elapsed, false));
        } else if (!before.told() && elapsed.minus(before.since()).compareTo(WORTH_A_WORD) >= 0) {
          waiting.put(name, new Wait(detail, before.since(), true));
          lines.add(line(step, elapsed));
        }
      }
    }
    return lines;
  }

  private static String line(StepLine step, Duration elapsed) {
    return String.format(
        Locale.ROOT,
        "%6.1f s  %-12s %-15s %s",
        elapsed.toMillis() / 1e3,
        step.scope(),
        step.name(),
        step.detail());
  }

  /** Whether all is done but that somebody confirms the redirect rules. */
  public static boolean awaitsConfirmation(Snapshot now) {
    List<StepLine> open =
        now.steps().stream().filter(step -> !step.state().equals("done")).toList();
    return open.size() == 1
        && open.getFirst().name().equals(CONFIRMATION)
        && open.getFirst().state().equals("waiting");
  }
}
