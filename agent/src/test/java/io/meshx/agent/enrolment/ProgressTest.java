// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.status.Snapshot;
import io.meshx.agent.status.Snapshot.StepLine;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final Progress progress = new Progress();

  private static Snapshot status(StepLine... steps) {
    return new Snapshot(
        1,
        "vm1",
        "example.org",
        "agent",
        "joining",
        List.of(),
        List.of(steps),
        new Snapshot.SpireAgentLine("", "", 0, "", false),
        new Snapshot.ClusterLine(false, false, 0, new TreeMap<>()),
        List.of(),
        new TreeMap<>(),
        new TreeMap<>(),
        List.of(),
        "",
        1,
        1,
        new TreeMap<>(),
        0,
        new Snapshot.HealsLine(0, 0, 0, "", 0, ""),
        1);
  }

  private static StepLine step(String state, String detail) {
    return new StepLine("host", "SPIRE agent", state, detail);
  }

  private List<String> after(double seconds, StepLine... steps) {
    return progress.news(status(steps), Duration.ofMillis(Math.round(seconds * 1000)));
  }

  @Test
  void aStepThatIsDoneIsToldOnce() {
    assertEquals(List.of(), after(0, step("changing", "start unit")));
    assertEquals(
        List.of("   0.5 s  host         SPIRE agent     runs"), after(0.5, step("done", "runs")));
    assertEquals(List.of(), after(0.6, step("done", "runs")));
  }

  @Test
  void aStepThatWaitsIsToldOnlyIfItGoesOnAndThenOnceForEachReason() {
    assertEquals(List.of(), after(0, step("waiting", "waits for a token, tried 1 times")));
    assertEquals(List.of(), after(1, step("waiting", "waits for a token, tried 2 times")));
    assertEquals(
        List.of("   2.0 s  host         SPIRE agent     waits for a token, tried 3 times"),
        after(2, step("waiting", "waits for a token, tried 3 times")));
    assertEquals(List.of(), after(9, step("waiting", "waits for a token, tried 9 times")));
    assertEquals(List.of(), after(10, step("waiting", "waits for its server")));
    assertEquals(1, after(12, step("waiting", "waits for its server")).size());
  }

  @Test
  void aStepThatIsHeldByAnotherIsNotTold() {
    assertEquals(List.of(), after(0, step("held", "after routes")));
    assertEquals(List.of(), after(60, step("held", "after routes")));
  }

  @Test
  void onlyTheConfirmationMayBeMissing() {
    StepLine confirmation = new StepLine("host", "confirmation", "waiting", "somebody");
    assertTrue(Progress.awaitsConfirmation(status(step("done", ""), confirmation)));
    assertFalse(Progress.awaitsConfirmation(status(step("changing", ""), confirmation)));
    assertFalse(Progress.awaitsConfirmation(status(step("waiting", ""))));
    assertFalse(Progress.awaitsConfirmation(status(step("done", ""))));
  }
}
