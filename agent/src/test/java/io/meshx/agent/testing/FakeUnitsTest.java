// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.testing.FakeUnits.Start;
import io.meshx.agent.unit.Units;
import io.meshx.agent.unit.UnitsContract;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FakeUnitsTest extends UnitsContract {
  private final FakeUnits units = new FakeUnits();

  @Override
  protected Units units() {
    return units;
  }

  @Override
  protected void expect(UnitName name, Start start) {
    units.starts(name, start);
  }

  @Test
  void keepsALogOfWhatWasChanged() throws HostException {
    startRunning();
    units.stop(UNIT);
    units.forget(UNIT);

    assertEquals(List.of("start " + UNIT, "stop " + UNIT, "forget " + UNIT), units.operations());
  }

  @Test
  void answersNothingWhileItIsOutOfReach() {
    units.reachable(false);

    assertThrows(BusCallFailed.class, units::observe);
    assertThrows(BusCallFailed.class, this::startRunning);
    units.reachable(true);
    assertEquals(List.of(), units.operations());
  }
}
