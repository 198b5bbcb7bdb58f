// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.Port;
import java.util.Comparator;

/**
 * A port of an ExternalWorkload.
 *
 * @param name as Services name it, at most 15 characters (RFC 6335)
 * @param port the TCP port
 */
public record ServedAt(String name, Port port) implements Comparable<ServedAt> {
  private static final Comparator<ServedAt> ORDER =
      Comparator.comparing(ServedAt::port).thenComparing(ServedAt::name);

  @Override
  public int compareTo(ServedAt other) {
    return ORDER.compare(this, other);
  }
}
