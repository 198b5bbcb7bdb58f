// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import io.meshx.agent.model.SpiffeId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What is known of an SVID. No state holds a key. */
public sealed interface SvidState {
  /**
   * The socket did not answer, or did not yet.
   *
   * @param why what came back, such as "socket '/run/…/api.sock' does not exist"
   */
  record Unreachable(String why) implements SvidState {}

  /**
   * SPIRE answered that there is none.
   *
   * @param answer its words, such as "no identity issued"
   */
  record None(String answer) implements SvidState {}

  /**
   * SPIRE issues others, but not the expected one.
   *
   * @param got their SPIFFE IDs
   */
  record Unexpected(List<SpiffeId> got) implements SvidState {
    /** Keeps a copy. */
    public Unexpected {
      got = List.copyOf(got);
    }
  }

  /**
   * The expected SVID is issued.
   *
   * @param id its SPIFFE ID
   * @param serial serial number of the leaf certificate, in hexadecimal
   * @param notBefore start of its validity
   * @param notAfter end of its validity
   * @param seen when the stream's message with it arrived
   * @param rotations how many newer ones came after the first that this agent saw
   * @param freshness how far it is from the end of its validity
   * @param bundle the roots of its trust domain, if they came with it
   */
  record Issued(
      SpiffeId id,
      String serial,
      Instant notBefore,
      Instant notAfter,
      Instant seen,
      int rotations,
      Freshness freshness,
      Optional<TrustBundle> bundle)
      implements SvidState {
    /** A fresh one, without the roots. */
    public Issued(
        SpiffeId id,
        String serial,
        Instant notBefore,
        Instant notAfter,
        Instant seen,
        int rotations) {
      this(id, serial, notBefore, notAfter, seen, rotations, Freshness.FRESH, Optional.empty());
    }

    /** The same, as fresh as it is at a time. */
    public Issued at(Instant now) {
      Freshness then = Freshness.at(now, notBefore, notAfter);
      return then == freshness
          ? this
          : new Issued(id, serial, notBefore, notAfter, seen, rotations, then, bundle);
    }
  }
}
