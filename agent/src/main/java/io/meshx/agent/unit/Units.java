// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import java.util.SortedMap;

/** The host's service manager, as far as units of ours are concerned ({@code meshx-*}). */
public interface Units extends AutoCloseable {
  /**
   * All loaded units of ours; the agent's own unit is not among them.
   *
   * @throws HostException if the service manager does not answer
   */
  SortedMap<UnitName, UnitState> observe() throws HostException;

  /**
   * Queues the start of a transient unit and returns when the job is accepted; the next
   * observations say how it ended.
   *
   * @throws HostException if the unit is still loaded or the service manager refuses it
   */
  void start(UnitSpec spec) throws HostException;

  /**
   * Queues the stop of a unit; stopping one that is not loaded is no error.
   *
   * @throws HostException if the service manager refuses
   */
  void stop(UnitName name) throws HostException;

  /**
   * Makes a failed unit give its name free; one that is not loaded is no error.
   *
   * @throws HostException if the service manager refuses
   */
  void forget(UnitName name) throws HostException;

  /**
   * Asks to be told when something about a unit of ours may have changed. A call only says "look
   * again"; it can come on any thread and several times for one change. Survives a daemon-reload, a
   * daemon-reexec and a restart of the bus.
   */
  void onChange(Runnable lookAgain);

  @Override
  void close();
}
