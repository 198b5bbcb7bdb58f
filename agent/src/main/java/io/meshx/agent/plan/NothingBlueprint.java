// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.host.Facts;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.registry.NodesState;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * Wants nothing: the way back to the host as it was.
 *
 * @param spireData the SPIRE agent's data directory, which stays
 */
public record NothingBlueprint(Path spireData) implements Blueprint {
  @Override
  public Desired desired(HostFacts facts, Optional<TrustBundle> bundle, NodesState nodes) {
    return Desired.NOTHING;
  }

  @Override
  public Facts.Questions questions() {
    return new Facts.Questions(Set.of(), Set.of(), Set.of(), Set.of(), spireData);
  }
}
