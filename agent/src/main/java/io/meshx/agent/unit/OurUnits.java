// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import java.util.Optional;

/** The names of all units and slices of ours, in one place. */
public final class OurUnits {
  /** Tells peers before a host goes down; installed by the package. */
  public static final UnitName DRAIN = new UnitName("meshx-drain.service");

  /** The agent itself; installed by the package, never started or stopped by a plan. */
  public static final UnitName AGENT = new UnitName("meshx-agent.service");

  /**
   * A pattern for {@link #AGENT}. Some commands fail for a name that is not loaded, and none for a
   * pattern that matches nothing.
   */
  public static final String AGENT_IF_LOADED = "meshx-agent.servic[e]";

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

  private static final String READY = "meshx-ready@";
  private static final String PROXY = "meshx-proxy-";
  private static final String WORKLOAD = "meshx-workload-";
  private static final String PROBE = "meshx-probe-";
  private static final String RENEWED = "meshx-renewed-";

  private OurUnits() {}

  /** The unit of a workload's proxy. */
  public static UnitName proxy(WorkloadName workload) {
    return new UnitName(PROXY + workload + ".service");
  }

  /** The unit of a workload's own process. */
  public static UnitName workload(WorkloadName workload) {
    return new UnitName(WORKLOAD + workload + ".service");
  }

  /**
   * The slice of a workload that is a service of somebody else. A dash would nest it, and no
   * workload has an underscore in its name.
   */
  public static UnitName slice(WorkloadName workload) {
    return new UnitName("meshx-workload-" + workload.text().replace('-', '_') + ".slice");
  }

  /** Whose slice a unit is; empty for any other unit. */
  public static Optional<WorkloadName> sliceOwner(UnitName unit) {
    return unit.text().startsWith(WORKLOAD) && unit.text().endsWith(".slice")
        ? named(
            unit.text()
                .substring(WORKLOAD.length(), unit.text().length() - ".slice".length())
                .replace('_', '-'))
        : Optional.empty();
  }

  /** Whose start waits for a unit; empty for any other unit. */
  public static Optional<WorkloadName> readyOwner(UnitName unit) {
    return unit.text().startsWith(READY) && unit.text().endsWith(".service")
        ? named(unit.text().substring(READY.length(), unit.text().length() - ".service".length()))
        : Optional.empty();
  }

  private static Optional<WorkloadName> named(String name) {
    try {
      return Optional.of(new WorkloadName(name));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // Somebody else's: no workload of ours has such a name.
    }
  }

  /** The control group of that slice, without a slash at its beginning. */
  public static String controlGroup(WorkloadName workload) {
    return SLICE + "/" + WORKLOAD_SLICE + "/" + slice(workload);
  }

  /** What such a workload's start waits for at boot; the package brings it. */
  public static UnitName ready(WorkloadName workload) {
    return new UnitName(READY + workload + ".service");
  }

  /** The unit that proves a workload's redirect. */
  public static UnitName probe(WorkloadName workload) {
    return new UnitName(PROBE + workload + ".service");
  }

  /** The unit that tells a workload of its new SVID. */
  public static UnitName renewed(WorkloadName workload) {
    return new UnitName(RENEWED + workload + ".service");
  }

  /** Whose proxy, process, probe or renewal a unit is; empty for any other unit. */
  public static Optional<WorkloadName> owner(UnitName unit) {
    for (String prefix : new String[] {PROXY, WORKLOAD, PROBE, RENEWED}) {
      if (unit.text().startsWith(prefix) && unit.text().endsWith(".service")) {
        String name =
            unit.text().substring(prefix.length(), unit.text().length() - ".service".length());
        return named(name);
      }
    }
    return Optional.empty();
  }
}
