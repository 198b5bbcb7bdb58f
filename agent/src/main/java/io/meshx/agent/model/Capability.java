// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.Collection;

/**
 * A capability that a process can have without being able to get past the interception of its
 * traffic. With most others it could become another user, change rules and packet filters, or send
 * packets that no rule sees.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/capabilities.7.html">capabilities(7)</a>
 */
public enum Capability {
  /** Listens on ports below 1024. */
  CAP_NET_BIND_SERVICE(10),
  /** Locks memory. */
  CAP_IPC_LOCK(14),
  /** Raises its own priority. */
  CAP_SYS_NICE(23);

  private final int number;

  Capability(int number) {
    this.number = number;
  }

  /** The set of some as the kernel writes it: a bit for each. */
  public static long mask(Collection<Capability> some) {
    return some.stream().mapToLong(each -> 1L << each.number).reduce(0, (a, b) -> a | b);
  }
}
