// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.identity.SvidState;
import io.meshx.agent.plan.Look;
import io.meshx.agent.plan.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * Tells the story of the passes in few lines: what a step waits for, once it has waited a while and
 * again when the reason changes, and when everything is joined or is not any more.
 */
public final class Narrator implements Consumer<Report> {
  private static final Duration WORTH_TELLING = Duration.ofSeconds(2);

  private record Waiting(String forWhat, Instant since, boolean told) {}

  private final Consumer<String> log;
  private final Map<String, Waiting> waiting = new HashMap<>();
  private final Map<String, String> serials = new HashMap<>();
  private List<String> warned = List.of();
  private boolean joined;

  /**
   * Begins a story.
   *
   * @param log gets a line at a time
   */
  public Narrator(Consumer<String> log) {
    this.log = log;
  }

  @Override
  public void accept(Report report) {
    for (Step step : report.plan().steps()) {
      String key = step.scope() + ": " + step.name();
      if (step.progress() instanceof Step.Progress.Waiting(String forWhat)) {
        Waiting before = waiting.get(key);
        Waiting now =
            before != null && before.forWhat.equals(forWhat)
                ? before
                : new Waiting(forWhat, before == null ? report.at() : before.since, false);
        if (!now.told && !report.at().isBefore(now.since.plus(WORTH_TELLING))) {
          log.accept(key + " waits for " + forWhat);
          now = new Waiting(forWhat, now.since, true);
        }
        waiting.put(key, now);
      } else {
        waiting.remove(key);
      }
    }
    for (String warning : report.plan().warnings()) {
      if (!warned.contains(warning)) {
        log.accept("WARNING: " + warning);
      }
    }
    warned = report.plan().warnings();
    renewals(report);
    if (report.plan().complete() != joined) {
      joined = report.plan().complete();
      log.accept(joined ? "everything is as desired" : "not everything is as desired any more");
    }
  }

  private void renewals(Report report) {
    if (report.observed().svids() instanceof Look.Saw<SortedMap<String, SvidState>>(var svids)) {
      svids.forEach((key, state) -> {
        if (state instanceof SvidState.Issued issued) {
          String before = serials.put(key, issued.serial());
          if (before != null && !before.equals(issued.serial())) {
            log.accept(
                key
                    + ": SVID renewed: serial "
                    + issued.serial()
                    + ", expires "
                    + issued.notAfter());
          }
        }
      });
    }
  }
}
