// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.host.Facts;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.registry.NodesState;
import java.util.Optional;

/** What is wanted, once the facts about the host are known. */
public interface Blueprint {
  /**
   * What is wanted on a host.
   *
   * @param facts the host's
   * @param bundle the trust domain's roots, as SPIRE says; empty while it says nothing
   * @param nodes what is known of the cluster's nodes
   */
  Desired desired(HostFacts facts, Optional<TrustBundle> bundle, NodesState nodes);

  /** The questions to the host. */
  Facts.Questions questions();
}
