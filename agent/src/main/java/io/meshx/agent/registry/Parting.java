// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

/** What becomes of the resource of a workload that has left. */
public enum Parting {
  /** It is somebody else's, or gone: it is only forgotten. */
  FORGET("leave"),
  /**
   * It stays, not ready, and without addresses and ports: Linkerd refuses calls to an address and
   * port that two resources name, and the next workload may have them.
   */
  EMPTY("empty"),
  /** It is deleted. */
  DELETE("delete");

  private final String text;

  Parting(String text) {
    this.text = text;
  }

  /** What is done, for people. */
  public String text() {
    return text;
  }
}
