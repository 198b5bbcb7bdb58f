// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.regex.Pattern;

/** The one place that says how a checked name refuses what does not match it. */
final class Patterns {
  private Patterns() {}

  static String require(Pattern pattern, String text, String what, String allowed) {
    if (!pattern.matcher(text).matches()) {
      throw new IllegalArgumentException("'" + text + "' is no " + what + "; allowed: " + allowed);
    }
    return text;
  }
}
