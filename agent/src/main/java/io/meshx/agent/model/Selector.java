// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

/**
 * A SPIRE selector.
 *
 * @param type the attestor that found it, such as {@code unix} or {@code systemd}
 * @param value such as {@code uid:998} or {@code id:meshx-proxy-web.service}
 */
public record Selector(String type, String value) implements Comparable<Selector> {
  /** Selects a process by its effective user ID. */
  public static Selector uid(int uid) {
    return new Selector("unix", "uid:" + uid);
  }

  /** Selects a process by the systemd unit that it runs in. */
  public static Selector unit(UnitName unit) {
    return new Selector("systemd", "id:" + unit);
  }

  @Override
  public int compareTo(Selector other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return type + ":" + value;
  }
}
