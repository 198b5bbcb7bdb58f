// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.model.SpiffeId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What a SPIRE agent says of itself. */
public sealed interface AgentHealth {
  /** Its sockets are there and do not answer; its unit and the SVIDs tell more of that. */
  record Silent() implements AgentHealth {}

  /**
   * A socket is not there: it has not made it yet, or somebody has removed it.
   *
   * @param socket its path
   */
  record WithoutSocket(Path socket) implements AgentHealth {}

  /**
   * It answers.
   *
   * @param at when it was asked
   * @param id the SPIFFE ID of its own SVID, which says by what it was attested
   * @param expires end of validity of that SVID
   * @param uptime how long it has run
   * @param lastSync when it last heard from its server; empty if not since it started
   * @param serving whether its Workload API answers
   */
  record Answers(
      Instant at,
      SpiffeId id,
      Instant expires,
      Duration uptime,
      Optional<Instant> lastSync,
      boolean serving)
      implements AgentHealth {
    /** It asks its server every 5 seconds. */
    private static final Duration OUT_OF_TOUCH = Duration.ofSeconds(30);

    /** Whether it has not heard from its server for so long that something is wrong. */
    public boolean outOfTouch() {
      return Duration.between(lastSync.orElse(at.minus(uptime)), at).compareTo(OUT_OF_TOUCH) > 0;
    }
  }
}
