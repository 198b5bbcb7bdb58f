// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import java.util.SortedSet;

/** Says which address families the host has. */
@FunctionalInterface
public interface Families {
  /**
   * The families that the host has on its loopback interface, right now.
   *
   * @throws HostException if that cannot be read
   */
  SortedSet<IpFamily> families() throws HostException;
}
