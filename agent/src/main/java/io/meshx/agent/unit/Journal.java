// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import java.util.List;

/** What units wrote to the journal. */
public interface Journal {
  /**
   * The last lines of a unit, oldest first, messages only.
   *
   * @param unit the unit
   * @param lines how many at most, above 0
   * @throws HostException if the journal cannot be read
   */
  List<String> last(UnitName unit, int lines) throws HostException;
}
