// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.connection.Connections;
import io.meshx.agent.delivery.Deliveries;
import io.meshx.agent.dns.Dns;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.filter.Filters;
import io.meshx.agent.firewall.Firewall;
import io.meshx.agent.firewall.RuleWatch;
import io.meshx.agent.health.Health;
import io.meshx.agent.host.Facts;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.proxy.Proxies;
import io.meshx.agent.registry.Registry;
import io.meshx.agent.route.Routes;
import io.meshx.agent.spire.Registrar;
import io.meshx.agent.spire.SpireAgent;
import io.meshx.agent.trial.Trials;
import io.meshx.agent.unit.ForeignUnits;
import io.meshx.agent.unit.Journal;
import io.meshx.agent.unit.Units;

/** Everything through which the loop sees and changes a host. */
public record HostPorts(
    Facts facts,
    HostFiles files,
    Routes routes,
    Dns dns,
    Units units,
    ForeignUnits foreignUnits,
    Journal journal,
    Firewall firewall,
    RuleWatch ruleWatch,
    Trials trials,
    Connections connections,
    Filters filters,
    Inlets inlets,
    Registrar registrar,
    SpireAgent spireAgent,
    Identities identities,
    Deliveries deliveries,
    Proxies proxies,
    Health health,
    Registry registry) {}
