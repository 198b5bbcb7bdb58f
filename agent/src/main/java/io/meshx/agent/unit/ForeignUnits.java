// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import java.util.Set;

/** Units of somebody else that become workloads. */
public interface ForeignUnits {
  /**
   * How services are, and what we keep for them.
   *
   * @param names of services
   * @throws HostException if the service manager does not answer
   */
  HostServices observe(Set<UnitName> names) throws HostException;

  /**
   * Makes a slice; one that is there is no error.
   *
   * @throws HostException if the service manager refuses
   */
  void startSlice(UnitName slice) throws HostException;

  /**
   * Takes a slice away, and ends what still runs in it; one that is not there is no error.
   *
   * @throws HostException if the service manager refuses
   */
  void stopSlice(UnitName slice) throws HostException;

  /**
   * Gives a unit a drop-in, or another one, and has it read. Its processes do not notice.
   *
   * @throws HostException if the file cannot be written, or be read by the service manager
   */
  void putDropIn(UnitName name, String text) throws HostException;

  /**
   * Takes the drop-in away and has that noticed; a unit without one is no error.
   *
   * @throws HostException if the file cannot be removed, or the service manager refuses
   */
  void removeDropIn(UnitName name) throws HostException;

  /**
   * Queues a restart; a unit that is not running is left alone.
   *
   * @throws HostException if the service manager refuses
   */
  void restart(UnitName name) throws HostException;

  /**
   * Asks to be told when something about one of the units that were last observed may have changed;
   * on any thread.
   */
  void onChange(Runnable lookAgain);
}
