// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.host.Facts;
import io.meshx.agent.host.HostFacts;

/** What is wanted, once the facts about the host are known. */
public interface Blueprint {
  /** What is wanted on a host with these facts. */
  Desired desired(HostFacts facts);

  /** The questions to the host. */
  Facts.Questions questions();
}
