// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import java.util.List;

/**
 * A workload that runs.
 *
 * @param run by what this run is told from the one before: what was found out of that means nothing
 * @param confinement where what its probes run is held
 * @param probes all of them must pass
 */
public record Watched(String run, Confinement confinement, List<Probe> probes) {
  /** Keeps a copy. */
  public Watched {
    probes = List.copyOf(probes);
  }
}
