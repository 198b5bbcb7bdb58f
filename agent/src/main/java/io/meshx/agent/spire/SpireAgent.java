// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

/** A SPIRE agent of ours, asked how it is. */
public interface SpireAgent extends AutoCloseable {
  /** How it is; waits for an answer, but not for long. */
  AgentHealth observe();

  @Override
  void close();
}
