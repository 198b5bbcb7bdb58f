// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trial;

import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.model.Digest;
import java.util.Optional;

/**
 * What is remembered of trials. What is wanted of the rules as a whole has a digest, since the
 * rules themselves come and go with each workload's proxy.
 *
 * @param confirmed of what somebody has confirmed last
 * @param before the rules from before the first change that is not confirmed
 */
public record Memory(Optional<Digest> confirmed, Optional<HostRules> before) {
  /** Nothing was ever on trial. */
  public static final Memory EMPTY = new Memory(Optional.empty(), Optional.empty());
}
