// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import io.meshx.agent.model.HostException;
import java.util.SortedSet;

/**
 * The programs of ours that the kernel keeps under a name. What is attached stays attached when its
 * name is removed; a unit that starts needs the name.
 */
public interface Filters {
  /**
   * The names of all programs of ours.
   *
   * @throws HostException if they cannot be read
   */
  SortedSet<String> observe() throws HostException;

  /**
   * Loads a program and gives it its name.
   *
   * @throws HostException if the kernel refuses it, with what its verifier says
   */
  void pin(PacketProgram program) throws HostException;

  /**
   * Takes a name away; one that is gone is no error.
   *
   * @throws HostException if it cannot be removed
   */
  void unpin(String name) throws HostException;
}
