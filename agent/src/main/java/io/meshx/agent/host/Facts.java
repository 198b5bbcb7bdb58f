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
   * @throws HostException if something cannot be read
   */
  HostFacts observe(Questions ask) throws HostException;

  /**
   * Questions to the host.
   *
   * @param users users to look up
   * @param executables files that should be executable
   * @param versions programs to be asked for their version
   * @param files files whose presence matters
   * @param spireData the SPIRE agent's data directory
   */
  record Questions(
      Set<UserName> users,
      Set<Path> executables,
      Set<Path> versions,
      Set<Path> files,
      Path spireData) {}
}
