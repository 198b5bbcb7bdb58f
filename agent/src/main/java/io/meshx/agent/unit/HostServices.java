// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.UnitName;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * Services of the host's packages, and the slices that we keep for them.
 *
 * @param units the services that were asked for, and every other one that has a drop-in of ours
 * @param slices for each of our slices that is there, what runs in it
 */
public record HostServices(
    SortedMap<UnitName, ForeignUnit> units, SortedMap<UnitName, SortedSet<String>> slices) {
  /** Keeps copies. */
  public HostServices {
    units = Collections.unmodifiableSortedMap(new TreeMap<>(units));
    slices = Collections.unmodifiableSortedMap(new TreeMap<>(slices));
  }
}
