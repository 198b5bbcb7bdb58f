// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.ForeignUnits;
import io.meshx.agent.unit.ForeignUnitsContract;

final class FakeForeignUnitsTest extends ForeignUnitsContract {
  private final FakeForeignUnits units = new FakeForeignUnits();

  @Override
  protected ForeignUnits units() {
    return units;
  }

  @Override
  protected void install(UnitName name) {
    units.install(name);
  }

  @Override
  protected void start(UnitName name) {
    units.start(name);
  }

  @Override
  protected void stop(UnitName name) {
    units.stop(name);
  }
}
