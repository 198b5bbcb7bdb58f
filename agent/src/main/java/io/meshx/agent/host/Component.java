// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host;

/**
 * Something that the agent works with.
 *
 * @param name what it is
 * @param version as it says it itself
 * @param at where it is, or for which workload it runs; "" where there is only one
 */
public record Component(String name, String version, String at) {
  @Override
  public String toString() {
    return name + " " + version + (at.isEmpty() ? "" : " (" + at + ")");
  }
}
