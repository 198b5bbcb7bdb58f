// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CadenceTest {
  /** Everything is looked at when the hour begins. */
  @ParameterizedTest
  @CsvSource({
    "23:59:30.000, 23:59:40", // Just looked at: ten seconds later.
    "23:59:30.001, 23:59:40",
    "23:59:33.700, 23:59:40", // Looked at for another reason: with the others, not ten seconds
    // later.
    "23:59:39.999, 23:59:40",
    "23:59:40.020, 23:59:50",
    "23:59:50.020, 24:00:00", // With everything, and not twice.
    "24:00:00.001, 24:00:00", // Late: at once.
  })
  void whatNobodyReportsIsLookedAtTogether(String now, String due) {
    assertEquals(at(due), Cadence.nextSilent(at(now), at("24:00:00")));
  }

  private static Instant at(String time) {
    return time.startsWith("24")
        ? Instant.parse("2027-01-02T00" + time.substring(2) + "Z")
        : Instant.parse("2027-01-01T" + time + "Z");
  }
}
