// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host;

import java.time.Instant;

/** The identity that the SPIRE agent keeps in its data directory, from node attestation on. */
public sealed interface Attestation {
  /** It keeps none, or nothing that can be read. */
  record None() implements Attestation {}

  /**
   * It keeps one that SPIRE throws away at its next start.
   *
   * @param at the end of its validity
   */
  record Expired(Instant at) implements Attestation {}

  /** It keeps one with which it can come back by itself. */
  record Valid() implements Attestation {}
}
