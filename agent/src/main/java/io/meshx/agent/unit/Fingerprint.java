// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.Digest;

/**
 * By what two specs of one unit are told apart. A running unit is replaced when the user's
 * configuration differs, and never for a difference that only a new version of the agent makes.
 *
 * @param config digest of what the user configured for this unit
 * @param spec digest of all properties
 */
public record Fingerprint(Digest config, Digest spec) {
  @Override
  public String toString() {
    return config + "/" + spec;
  }

  /**
   * Reads the form that {@link #toString} writes.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static Fingerprint parse(String text) {
    String[] halves = text.split("/", -1);
    if (halves.length != 2) {
      throw new IllegalArgumentException("'" + text + "' is no fingerprint CONFIG/SPEC");
    }
    return new Fingerprint(new Digest(halves[0]), new Digest(halves[1]));
  }
}
