// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.model.UnitName;

/**
 * A line of systemd's list of units.
 *
 * @param name the unit
 * @param loadState such as {@code loaded} or {@code not-found}
 * @param activeState such as {@code active}
 * @param subState the unit type's own state, such as {@code running}
 * @param path the unit's object on the bus
 * @param job type of the job that is queued or under way, such as {@code start}; "" if there is
 *     none
 * @see <a href="https://www.freedesktop.org/software/systemd/man/org.freedesktop.systemd1.html">
 *     org.freedesktop.systemd1(5), ListUnits</a>
 */
record ListedUnit(
    UnitName name, String loadState, String activeState, String subState, String path, String job) {
  /** Reads a struct of the signature {@code (ssssssouso)}. */
  static ListedUnit read(Object struct) {
    Object[] members = (Object[]) struct;
    return new ListedUnit(
        new UnitName(members[0].toString()),
        members[2].toString(),
        members[3].toString(),
        members[4].toString(),
        members[6].toString(),
        members[8].toString());
  }

  /** Whether the name is only mentioned by other units and nothing is behind it. */
  boolean isStub() {
    return loadState.equals("not-found");
  }
}
