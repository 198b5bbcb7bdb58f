// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import java.time.Instant;
import java.util.Optional;

/** How the Kubernetes API answers. */
public sealed interface ApiHealth {
  /** It has not been asked yet. */
  record Unasked() implements ApiHealth {}

  /**
   * It answers.
   *
   * @param expires when the credentials end, if they say so
   */
  record Answers(Optional<Instant> expires) implements ApiHealth {}

  /**
   * It does not, or not with what is asked for.
   *
   * @param why what was asked, what came back, and what that is likely to come from
   * @param lasting whether that has gone on for longer than a leave should be held up by it
   */
  record Fails(String why, boolean lasting) implements ApiHealth {}
}
