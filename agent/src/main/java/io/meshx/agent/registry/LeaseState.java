// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

/** Whether the cluster knows that this host lives. */
public sealed interface LeaseState {
  /** It has not been told yet, or is not to be. */
  record Untold() implements LeaseState {}

  /** It is told again and again. */
  record Renewed() implements LeaseState {}

  /**
   * It could not be told.
   *
   * @param why what was asked, what came back, and what that is likely to come from
   */
  record Fails(String why) implements LeaseState {}
}
