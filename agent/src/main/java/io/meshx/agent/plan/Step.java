// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import java.util.List;

/**
 * One step of joining or leaving, and how far it is.
 *
 * @param scope the workload's name, or {@link #HOST}
 * @param name what the step is about, such as "proxy ready"
 * @param progress how far it is
 */
public record Step(String scope, String name, Progress progress) {
  /** The scope of steps that belong to the host as a whole. */
  public static final String HOST = "host";

  /** How far a step is. */
  public sealed interface Progress {
    /**
     * It is as wanted.
     *
     * @param detail what was seen, for people
     */
    record Done(String detail) implements Progress {}

    /**
     * It needs changes, and they can be made now.
     *
     * @param changes in this order
     */
    record Changing(List<Change> changes) implements Progress {
      /** Keeps a copy. */
      public Changing {
        changes = List.copyOf(changes);
      }
    }

    /**
     * It needs something that no change of ours can bring, such as an SVID.
     *
     * @param forWhat what is missing, what was answered last and what to do about it
     */
    record Waiting(String forWhat) implements Progress {}

    /**
     * An earlier step is not done.
     *
     * @param by that step
     */
    record Held(String by) implements Progress {}
  }

  /** Whether the step is as wanted. */
  public boolean done() {
    return progress instanceof Progress.Done;
  }
}
