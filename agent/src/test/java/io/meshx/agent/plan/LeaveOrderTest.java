// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.Digest;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.Fingerprint;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.UnitState;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Whatever is looked at first, the workload goes before its redirect and that before its proxy. */
class LeaveOrderTest {
  private static final WorkloadName WEB = new WorkloadName("web");

  private static HostState running(UnitName... names) {
    TreeMap<UnitName, UnitState> units = new TreeMap<>();
    for (UnitName name : names) {
      units.put(
          name,
          new UnitState(
              name,
              Optional.of(new Fingerprint(Digest.of("config"), Digest.of("spec"))),
              new Activity.Running(4711, "0".repeat(32))));
    }
    return HostState.UNSEEN.withUnits(new Look.Saw<>(units));
  }

  private static List<String> changes(HostState state) {
    return Planner.plan(Desired.NOTHING, state).changes().stream().map(Change::toString).toList();
  }

  @Test
  void onlyTheWorkloadStopsWhenTheRulesWereNotSeenYet() {
    assertEquals(
        List.of("stop unit meshx-workload-web.service (no configuration asks for it)"),
        changes(running(OurUnits.workload(WEB), OurUnits.proxy(WEB))));
  }

  @Test
  void theProxyWaitsForALookAtTheRules() {
    assertEquals(List.of(), changes(running(OurUnits.proxy(WEB))));
  }

  @Test
  void theProxyWaitsWhenTheRulesCannotBeSeen() {
    HostState state =
        running(OurUnits.proxy(WEB)).withRules(new Look.Failed<>("iptables-save is missing"));
    assertEquals(List.of(), changes(state));
  }
}
