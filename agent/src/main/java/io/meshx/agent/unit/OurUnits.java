// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import java.util.Optional;

/** The names of all units and slices of ours, in one place. */
public final class OurUnits {
  /** The agent itself; installed by the package, never started or stopped by a plan. */
  public static final UnitName AGENT = new UnitName("meshx-agent.service");

  /** The SPIRE agent that we run. */
  public static final UnitName SPIRE_AGENT = new UnitName("meshx-spire-agent.service");

  /** The demo mode's SPIRE server. */
  public static final UnitName SPIRE_SERVER = new UnitName("meshx-spire-server.service");

  /** The forwarder to the cluster's DNS. */
  public static final UnitName DNS = new UnitName("meshx-dns.service");

  /** Takes rules on trial back. */
  public static final UnitName ROLLBACK = new UnitName("meshx-rollback.service");

  /** The slice of everything of ours; systemd nests the others below it by their names. */
  public static final UnitName SLICE = new UnitName("meshx.slice");

  /** The slice of proxies and SPIRE. */
  public static final UnitName INFRA_SLICE = new UnitName("meshx-infra.slice");

  /** The slice of workloads. */
  public static final UnitName WORKLOAD_SLICE = new UnitName("meshx-workload.slice");

  private static final String PROXY = "meshx-proxy-";
  private static final String WORKLOAD = "meshx-workload-";
  private static final String PROBE = "meshx-probe-";

  private OurUnits() {}

  /** The unit of a workload's proxy. */
  public static UnitName proxy(WorkloadName workload) {
    return new UnitName(PROXY + workload + ".service");
  }

  /** The unit of a workload's own process. */
  public static UnitName workload(WorkloadName workload) {
    return new UnitName(WORKLOAD + workload + ".service");
  }

  /** The unit that proves a workload's redirect. */
  public static UnitName probe(WorkloadName workload) {
    return new UnitName(PROBE + workload + ".service");
  }

  /** Whose proxy, process or probe a unit is; empty for any other unit. */
  public static Optional<WorkloadName> owner(UnitName unit) {
    for (String prefix : new String[] {PROXY, WORKLOAD, PROBE}) {
      if (unit.text().startsWith(prefix) && unit.text().endsWith(".service")) {
        String name =
            unit.text().substring(prefix.length(), unit.text().length() - ".service".length());
        try {
          return Optional.of(new WorkloadName(name));
        } catch (IllegalArgumentException e) {
          return Optional.empty(); // Somebody else's: no workload of ours has such a name.
        }
      }
    }
    return Optional.empty();
  }
}
