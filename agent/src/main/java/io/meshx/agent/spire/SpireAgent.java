// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import java.util.Optional;

/** A SPIRE agent of ours, asked how it is. */
public interface SpireAgent {
  /**
   * How it is.
   *
   * @return empty while its sockets do not answer: it is not attested yet, or does not run
   */
  Optional<AgentReport> observe();
}
