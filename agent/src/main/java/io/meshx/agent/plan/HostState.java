// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.FileState;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.route.RouteTable;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.unit.UnitState;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * What was observed on a host, aspect by aspect.
 *
 * @param facts users, address families, programs
 * @param files files of ours
 * @param routes routes through a next hop
 * @param dns our link in the resolver
 * @param units loaded units of ours
 * @param rules what is ours in the nat tables
 * @param filters packet filters of ours that the kernel keeps
 * @param guard who decides what comes in, and our openings
 * @param registrations entries at the demo mode's SPIRE server
 * @param svids SVIDs by workload name, and the agent's own
 * @param proxies health of each running proxy
 * @param lastWords for units in trouble: what their log says, with the remedy where it is known
 */
public record HostState(
    Look<HostFacts> facts,
    Look<SortedMap<Path, FileState>> files,
    Look<RouteTable> routes,
    Look<Optional<DnsView>> dns,
    Look<SortedMap<UnitName, UnitState>> units,
    Look<HostRules> rules,
    Look<SortedSet<String>> filters,
    Look<Guard> guard,
    Look<SortedSet<Registration>> registrations,
    Look<SortedMap<String, SvidState>> svids,
    Look<SortedMap<WorkloadName, ProxyHealth>> proxies,
    Look<SortedMap<UnitName, String>> lastWords) {
  /** Nothing has been looked at yet. */
  public static final HostState UNSEEN =
      new HostState(
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>(),
          new Look.NotYet<>());

  /** This state with another look at its facts. */
  public HostState withFacts(Look<HostFacts> facts) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its files. */
  public HostState withFiles(Look<SortedMap<Path, FileState>> files) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its routes. */
  public HostState withRoutes(Look<RouteTable> routes) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its dns. */
  public HostState withDns(Look<Optional<DnsView>> dns) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its units. */
  public HostState withUnits(Look<SortedMap<UnitName, UnitState>> units) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its rules. */
  public HostState withRules(Look<HostRules> rules) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its filters. */
  public HostState withFilters(Look<SortedSet<String>> filters) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its guard. */
  public HostState withGuard(Look<Guard> guard) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its registrations. */
  public HostState withRegistrations(Look<SortedSet<Registration>> registrations) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its svids. */
  public HostState withSvids(Look<SortedMap<String, SvidState>> svids) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its proxies. */
  public HostState withProxies(Look<SortedMap<WorkloadName, ProxyHealth>> proxies) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }

  /** This state with another look at its lastWords. */
  public HostState withLastWords(Look<SortedMap<UnitName, String>> lastWords) {
    return new HostState(
        facts,
        files,
        routes,
        dns,
        units,
        rules,
        filters,
        guard,
        registrations,
        svids,
        proxies,
        lastWords);
  }
}
