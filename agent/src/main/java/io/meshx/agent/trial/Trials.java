// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trial;

import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;

/** Remembers trials beyond the life of the agent; the rules from before as long as the kernel. */
public interface Trials {
  /**
   * What is remembered.
   *
   * @throws HostException if it cannot be read
   */
  Memory observe() throws HostException;

  /**
   * Remembers the rules from before a change.
   *
   * @throws HostException if they cannot be written
   */
  void begin(HostRules before) throws HostException;

  /**
   * Remembers what is confirmed and forgets the trial.
   *
   * @param wanted the digest of what is confirmed
   * @throws HostException if it cannot be written
   */
  void confirm(Digest wanted) throws HostException;
}
