// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.connection.PastRedirect;
import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.FileState;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.route.RouteTable;
import io.meshx.agent.spire.AgentHealth;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.trial.Memory;
import io.meshx.agent.unit.HostServices;
import io.meshx.agent.unit.UnitState;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** What was observed on a host: the last look at each aspect. A value; equal if all looks are. */
public final class HostState {
  /** Nothing has been looked at yet. */
  public static final HostState UNSEEN = new HostState(new EnumMap<>(Aspect.class));

  private final EnumMap<Aspect, Look<?>> looks;

  private HostState(EnumMap<Aspect, Look<?>> looks) {
    this.looks = looks;
  }

  /** What is under an aspect came from the method below that takes its type. */
  @SuppressWarnings("unchecked")
  private <T> Look<T> look(Aspect aspect) {
    return (Look<T>) looks.getOrDefault(aspect, new Look.NotYet<T>());
  }

  private HostState with(Aspect aspect, Look<?> look) {
    EnumMap<Aspect, Look<?>> next = new EnumMap<>(looks);
    next.put(aspect, look);
    return new HostState(next);
  }

  /** Users, address families, programs. */
  public Look<HostFacts> facts() {
    return look(Aspect.FACTS);
  }

  /** This state with another look at that. */
  public HostState withFacts(Look<HostFacts> facts) {
    return with(Aspect.FACTS, facts);
  }

  /** Files of ours. */
  public Look<SortedMap<Path, FileState>> files() {
    return look(Aspect.FILES);
  }

  /** This state with another look at that. */
  public HostState withFiles(Look<SortedMap<Path, FileState>> files) {
    return with(Aspect.FILES, files);
  }

  /** Routes through a next hop. */
  public Look<RouteTable> routes() {
    return look(Aspect.ROUTES);
  }

  /** This state with another look at that. */
  public HostState withRoutes(Look<RouteTable> routes) {
    return with(Aspect.ROUTES, routes);
  }

  /** Our link in the resolver. */
  public Look<Optional<DnsView>> dns() {
    return look(Aspect.DNS);
  }

  /** This state with another look at that. */
  public HostState withDns(Look<Optional<DnsView>> dns) {
    return with(Aspect.DNS, dns);
  }

  /** Loaded units of ours. */
  public Look<SortedMap<UnitName, UnitState>> units() {
    return look(Aspect.UNITS);
  }

  /** This state with another look at that. */
  public HostState withUnits(Look<SortedMap<UnitName, UnitState>> units) {
    return with(Aspect.UNITS, units);
  }

  /** Services of somebody else that are workloads, or have been. */
  public Look<HostServices> foreignUnits() {
    return look(Aspect.FOREIGN_UNITS);
  }

  /** This state with another look at that. */
  public HostState withForeignUnits(Look<HostServices> foreignUnits) {
    return with(Aspect.FOREIGN_UNITS, foreignUnits);
  }

  /** What is ours in either backend. */
  public Look<HostRules> rules() {
    return look(Aspect.RULES);
  }

  /** This state with another look at that. */
  public HostState withRules(Look<HostRules> rules) {
    return with(Aspect.RULES, rules);
  }

  /** What is remembered of rules on trial. */
  public Look<Memory> trial() {
    return look(Aspect.TRIAL);
  }

  /** This state with another look at that. */
  public HostState withTrial(Look<Memory> trial) {
    return with(Aspect.TRIAL, trial);
  }

  /** Connections of workloads that are not redirected. */
  public Look<PastRedirect> connections() {
    return look(Aspect.CONNECTIONS);
  }

  /** This state with another look at that. */
  public HostState withConnections(Look<PastRedirect> connections) {
    return with(Aspect.CONNECTIONS, connections);
  }

  /** Packet filters of ours that the kernel keeps. */
  public Look<SortedSet<String>> filters() {
    return look(Aspect.FILTERS);
  }

  /** This state with another look at that. */
  public HostState withFilters(Look<SortedSet<String>> filters) {
    return with(Aspect.FILTERS, filters);
  }

  /** Who decides what comes in, and our openings. */
  public Look<Guard> guard() {
    return look(Aspect.INLETS);
  }

  /** This state with another look at that. */
  public HostState withGuard(Look<Guard> guard) {
    return with(Aspect.INLETS, guard);
  }

  /** Entries at the demo mode's SPIRE server. */
  public Look<SortedSet<Registration>> registrations() {
    return look(Aspect.REGISTRATIONS);
  }

  /** This state with another look at that. */
  public HostState withRegistrations(Look<SortedSet<Registration>> registrations) {
    return with(Aspect.REGISTRATIONS, registrations);
  }

  /** What the SPIRE agent says of itself; silent before it gave out an SVID. */
  public Look<AgentHealth> spireAgent() {
    return look(Aspect.SPIRE_AGENT);
  }

  /** This state with another look at that. */
  public HostState withSpireAgent(Look<AgentHealth> spireAgent) {
    return with(Aspect.SPIRE_AGENT, spireAgent);
  }

  /** SVIDs by workload name, and the agent's own. */
  public Look<SortedMap<String, SvidState>> svids() {
    return look(Aspect.SVIDS);
  }

  /** This state with another look at that. */
  public HostState withSvids(Look<SortedMap<String, SvidState>> svids) {
    return with(Aspect.SVIDS, svids);
  }

  /** SVIDs that lie ready as files for workloads. */
  public Look<SortedMap<WorkloadName, Delivered>> deliveries() {
    return look(Aspect.DELIVERIES);
  }

  /** This state with another look at that. */
  public HostState withDeliveries(Look<SortedMap<WorkloadName, Delivered>> deliveries) {
    return with(Aspect.DELIVERIES, deliveries);
  }

  /** Health of each running proxy. */
  public Look<SortedMap<WorkloadName, ProxyHealth>> proxies() {
    return look(Aspect.PROXIES);
  }

  /** This state with another look at that. */
  public HostState withProxies(Look<SortedMap<WorkloadName, ProxyHealth>> proxies) {
    return with(Aspect.PROXIES, proxies);
  }

  /** What the probes of each running workload say. */
  public Look<SortedMap<WorkloadName, List<ProbeState>>> health() {
    return look(Aspect.HEALTH);
  }

  /** This state with another look at that. */
  public HostState withHealth(Look<SortedMap<WorkloadName, List<ProbeState>>> health) {
    return with(Aspect.HEALTH, health);
  }

  /** The workloads as the cluster knows them. */
  public Look<RegistryView> registry() {
    return look(Aspect.REGISTRY);
  }

  /** This state with another look at that. */
  public HostState withRegistry(Look<RegistryView> registry) {
    return with(Aspect.REGISTRY, registry);
  }

  /** For units in trouble: what their log says, with the remedy where it is known. */
  public Look<SortedMap<UnitName, String>> lastWords() {
    return look(Aspect.LAST_WORDS);
  }

  /** This state with another look at that. */
  public HostState withLastWords(Look<SortedMap<UnitName, String>> lastWords) {
    return with(Aspect.LAST_WORDS, lastWords);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HostState state && looks.equals(state.looks);
  }

  @Override
  public int hashCode() {
    return looks.hashCode();
  }

  @Override
  public String toString() {
    return looks.toString();
  }
}
