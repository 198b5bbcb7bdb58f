// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.host.HostFacts;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.Set;

/** What is wanted, once the facts about the host are known. */
public interface Blueprint {
  /** What is wanted on a host with these facts. */
  Desired desired(HostFacts facts);

  /** The questions to the host. */
  Questions questions();

  /**
   * Questions to the host.
   *
   * @param users users to look up
   * @param executables files that should be executable
   * @param files files whose presence matters
   * @param spireData the SPIRE agent's data directory
   */
  record Questions(Set<UserName> users, Set<Path> executables, Set<Path> files, Path spireData) {}
}
