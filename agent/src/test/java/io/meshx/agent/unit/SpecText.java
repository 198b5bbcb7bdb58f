// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

/** Unit specs as text, one property a line, for tests to compare. */
public final class SpecText {
  private SpecText() {}

  /** The properties of a spec, sorted. */
  public static String of(UnitSpec spec) {
    StringBuilder text = new StringBuilder();
    spec.properties()
        .forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
    return text.toString();
  }
}
