// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.Set;

/** Where facts about the host come from. */
public interface Facts {
  /**
   * Looks at the host.
   *
   * @param users the users to look up
   * @param executables the files that should be executable
   * @param files the paths whose presence matters
   * @param spireData the SPIRE agent's data directory
   * @throws HostException if something cannot be read
   */
  HostFacts observe(Set<UserName> users, Set<Path> executables, Set<Path> files, Path spireData)
      throws HostException;
}
