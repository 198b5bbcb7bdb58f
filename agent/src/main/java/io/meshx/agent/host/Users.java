// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import java.util.Set;
import java.util.SortedMap;

/** The host's user database. */
@FunctionalInterface
public interface Users {
  /**
   * A user.
   *
   * @param uid user ID
   * @param gid ID of the primary group
   */
  record User(int uid, int gid) {}

  /**
   * Looks users up.
   *
   * @param names their names; may be empty
   * @return those that exist
   * @throws HostException if the database cannot be asked
   */
  SortedMap<UserName, User> lookUp(Set<UserName> names) throws HostException;
}
