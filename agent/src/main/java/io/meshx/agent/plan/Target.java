// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

/**
 * What a change changes. Two changes with one target never run at the same time, and a target is
 * looked at again before it is changed again.
 *
 * @param aspect the kind of thing
 * @param key which one, such as a unit's name
 */
public record Target(Aspect aspect, String key) implements Comparable<Target> {
  @Override
  public int compareTo(Target other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return aspect.text() + " " + key;
  }
}
