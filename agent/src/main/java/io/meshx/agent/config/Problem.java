// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

/**
 * One thing that is wrong with the configuration.
 *
 * @param place {@code FILE:LINE}, or only the file when no line is to blame
 * @param key the dotted key, or "" when the problem is the file itself
 * @param what what is wrong; what is allowed
 */
public record Problem(String place, String key, String what) {
  /** How {@link #what} begins where a key is left out that is needed. */
  static final String MISSING = "is missing";

  /** Whether a key is left out that is needed. */
  public boolean missing() {
    return what.startsWith(MISSING);
  }

  @Override
  public String toString() {
    return place + ": " + (key.isEmpty() ? "" : key + ": ") + what;
  }
}
