// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.firewall.Backend;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Aspect;
import io.meshx.agent.plan.Desired;
import io.meshx.agent.plan.HostState;
import io.meshx.agent.plan.Look;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;

/**
 * When an aspect is looked at again if nothing says so before: seldom when all is well, often while
 * a join waits for something that nobody announces.
 */
final class Cadence {
  private static final Duration EAGER = Duration.ofMillis(5);
  private static final Duration PATIENT = Duration.ofMillis(500);
  private static final Duration LOG = Duration.ofSeconds(2);
  private static final Duration OPENING = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofSeconds(2);
  private static final Duration FACT = Duration.ofSeconds(1);

  /** For what nobody reports when it changes; the longest that there is. */
  static final Duration SILENT = Duration.ofSeconds(10);

  private Cadence() {}

  /**
   * How long until the next look; empty if only a trigger or the next look at everything brings it.
   *
   * @param hurried whether a join is young enough to be worth short intervals
   */
  static Optional<Duration> of(
      Aspect aspect, HostState state, Optional<Desired> desired, boolean hurried) {
    Duration eager = hurried ? EAGER : PATIENT;
    return switch (aspect) {
      case PROXIES ->
          proxiesUnready(state)
              ? Optional.of(eager)
              : Optional.of(desired.filter(Cadence::opens).isPresent() ? OPENING : SILENT);
      case REGISTRATIONS ->
          state.registrations() instanceof Look.Failed<?> ? Optional.of(eager) : Optional.empty();
      case FACTS -> Optional.of(desired.filter(Cadence::lacks).isPresent() ? FACT : SILENT);
      case LAST_WORDS -> Looks.troubled(state).isEmpty() ? Optional.empty() : Optional.of(LOG);
      case RULES -> unreported(state, desired) ? Optional.of(POLL) : Optional.empty();
      case FILES, FILTERS, SPIRE_AGENT, DELIVERIES -> Optional.of(SILENT);
      case REGISTRY -> Optional.of(waitsForCluster(state) ? PATIENT : SILENT);
      case ROUTES, DNS, UNITS, FOREIGN_UNITS, TRIAL, CONNECTIONS, INLETS, SVIDS, HEALTH ->
          Optional.empty();
    };
  }

  /**
   * When those are looked at next that nobody reports: within {@link #SILENT}, all at the same time
   * and with everything else, since on a host where nothing happens waking up costs more than a
   * look.
   *
   * @param resync when everything is looked at next
   */
  static Instant nextSilent(Instant now, Instant resync) {
    Instant next = resync;
    while (next.minus(SILENT).isAfter(now)) {
      next = next.minus(SILENT);
    }
    return next;
  }

  /** Whether our rules are where the kernel reports no changes. */
  private static boolean unreported(HostState state, Optional<Desired> desired) {
    return state.facts() instanceof Look.Saw<HostFacts>(HostFacts facts)
        && facts.legacy().chosen()
        && desired.flatMap(Desired::host).filter(h -> h.backend() == Backend.IPTABLES).isPresent();
  }

  /** Whether a proxy that stops being ready is to be noticed soon, though its process goes on. */
  private static boolean opens(Desired desired) {
    return desired.workloads().values().stream().anyMatch(Desired.WorkloadPart::opensInbound);
  }

  /** Whether time alone changes what is planned: nobody says that it is over. */
  private static boolean waitsForCluster(HostState state) {
    return state.registry() instanceof Look.Saw<RegistryView>(RegistryView view)
        && ((view.api() instanceof ApiHealth.Fails(String _, boolean lasting) && !lasting)
            || view.resources().values().stream()
                .anyMatch(resource ->
                    switch (resource) {
                      case ResourceState.Unknown(String _, boolean waited) -> !waited;
                      case ResourceState.Absent(boolean waited) -> !waited;
                      case ResourceState.Present present -> !present.ready() && !present.heard();
                    }));
  }

  private static boolean proxiesUnready(HostState state) {
    return state.proxies()
            instanceof
            Look.Saw<SortedMap<WorkloadName, ProxyHealth>>(
                SortedMap<WorkloadName, ProxyHealth> proxies)
        && proxies.values().stream().anyMatch(health -> !(health instanceof ProxyHealth.Ready));
  }

  private static boolean lacks(Desired desired) {
    return desired.host().map(part -> !part.lacking().isEmpty() || waitsForFile(part)).orElse(false)
        || desired.workloads().values().stream()
            .anyMatch(part -> !part.lacking().isEmpty() || !part.missing().isEmpty());
  }

  private static boolean waitsForFile(Desired.HostPart part) {
    return switch (part.identity()) {
      case Desired.Identity.Managed managed -> !managed.attested() && managed.demo().isEmpty();
      case Desired.Identity.External external -> !external.there();
    };
  }
}
