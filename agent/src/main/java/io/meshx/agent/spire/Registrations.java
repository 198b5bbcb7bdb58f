// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.OurUnits;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The registration entries of one host. Each selects both the user and the unit of a process: the
 * unit's name alone could be taken by whoever may start units, and root alone would be every
 * process of root.
 *
 * @param trustDomain the trust domain
 * @param host the host's name
 */
public record Registrations(TrustDomain trustDomain, WorkloadName host) {
  private static final int ROOT = 0;

  /**
   * The alias of this host's SPIRE agent, and parent of all entries. It stays when a new join token
   * gives the SPIRE agent a new ID of its own.
   */
  public SpiffeId alias() {
    return new SpiffeId(trustDomain, "/meshx/" + host);
  }

  /** The SPIFFE ID of the agent itself. */
  public SpiffeId agentId() {
    return new SpiffeId(trustDomain, "/meshx-agent/" + host);
  }

  /** The entry of the agent itself, which needs one to ask for the SVIDs of the proxies. */
  public Registration agent() {
    return new Registration(agentId(), alias(), selectors(OurUnits.AGENT, ROOT));
  }

  /**
   * The entry of a workload's proxy.
   *
   * @param id the workload's SPIFFE ID
   * @param unit the proxy's unit
   * @param uid user ID of the proxy
   */
  public Registration proxy(SpiffeId id, UnitName unit, int uid) {
    return new Registration(id, alias(), proxySelectors(unit, uid));
  }

  /**
   * The entry of a workload's own process, for an SVID that lies ready as files.
   *
   * @param id the workload's SPIFFE ID
   * @param unit its unit
   * @param uid user ID of who may read it
   */
  public Registration workload(SpiffeId id, UnitName unit, int uid) {
    return new Registration(id, alias(), selectors(unit, uid));
  }

  /**
   * What SPIRE finds out about a proxy.
   *
   * @param unit the proxy's unit
   * @param uid user ID of the proxy
   * @throws IllegalArgumentException if that is root
   */
  public static SortedSet<Selector> proxySelectors(UnitName unit, int uid) {
    if (uid == ROOT) {
      throw new IllegalArgumentException("the proxy in '" + unit + "' must not run as root");
    }
    return selectors(unit, uid);
  }

  private static SortedSet<Selector> selectors(UnitName unit, int uid) {
    return new TreeSet<>(List.of(Selector.unit(unit), Selector.uid(uid)));
  }
}
