// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.WorkloadName;
import java.util.Optional;

/** What is known of one resource. */
public sealed interface ResourceState {
  /**
   * The cluster has not said.
   *
   * @param why what came instead
   * @param waited whether that has gone on for longer than a start should be held up by it
   */
  record Unknown(String why, boolean waited) implements ResourceState {}

  /**
   * There is none.
   *
   * @param waited the same
   */
  record Absent(boolean waited) implements ResourceState {}

  /**
   * It is there.
   *
   * @param says what it says; empty if that cannot be understood, or is not what an agent writes
   * @param owner the host whose agent made it, if one did
   * @param readiness what it says of being ready, if anything
   * @param heard whether peers have had the time to hear that it is not ready, or the cluster has
   *     refused to say so for longer than a leave should be held up by it
   */
  record Present(
      Optional<ExternalWorkload> says,
      Optional<WorkloadName> owner,
      Optional<Readiness> readiness,
      boolean heard)
      implements ResourceState {
    /** Whether peers may choose it. */
    public boolean ready() {
      return readiness.filter(Readiness::ready).isPresent();
    }
  }
}
