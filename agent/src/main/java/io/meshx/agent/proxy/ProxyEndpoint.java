// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;

/**
 * Where a proxy is looked at.
 *
 * @param unit its unit
 * @param invocation the unit's invocation ID, whose log lines count
 * @param inbound port of the inbound listener
 * @param outbound port of the outbound listener, on loopback
 * @param admin port of the admin server, on loopback
 */
public record ProxyEndpoint(
    UnitName unit, String invocation, Port inbound, Port outbound, Port admin) {}
