// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import java.util.Locale;

/** The kinds of things that are observed on a host, each by one source. */
public enum Aspect {
  /** Users, address families, programs. */
  FACTS,
  /** Files of ours. */
  FILES,
  /** The routing table. */
  ROUTES,
  /** Our link in the resolver. */
  DNS,
  /** Transient units. */
  UNITS,
  /** Services of somebody else that are workloads. */
  FOREIGN_UNITS,
  /** Redirect rules. */
  RULES,
  /** What is remembered of rules on trial. */
  TRIAL,
  /** Connections that the rules came too late for. */
  CONNECTIONS,
  /** Packet filters that the kernel keeps for us. */
  FILTERS,
  /** The firewall of somebody else that lets peers in. */
  INLETS,
  /** Registration entries at the demo mode's SPIRE server. */
  REGISTRATIONS,
  /** What the SPIRE agent says of itself. */
  SPIRE_AGENT,
  /** SVIDs that SPIRE issues here. */
  SVIDS,
  /** SVIDs that lie ready as files for workloads. */
  DELIVERIES,
  /** Health of the running proxies. */
  PROXIES,
  /** Whether workloads serve, as their probes say. */
  HEALTH,
  /** The workloads as the cluster knows them. */
  REGISTRY,
  /** Last words of units that are in trouble. */
  LAST_WORDS;

  /** The name as people read it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
