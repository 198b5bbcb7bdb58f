// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.WorkloadName;
import java.util.Comparator;

/**
 * The name of a resource in a cluster.
 *
 * @param namespace its namespace
 * @param name its name there
 */
public record ResourceName(WorkloadName namespace, WorkloadName name)
    implements Comparable<ResourceName> {
  private static final Comparator<ResourceName> ORDER =
      Comparator.comparing(ResourceName::namespace).thenComparing(ResourceName::name);

  @Override
  public int compareTo(ResourceName other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
