// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.Direct;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is redirected for one workload.
 *
 * @param scope by what the workload is known; its outgoing TCP connections are redirected
 * @param outbound the proxy's outbound port
 * @param ports the workload's TCP ports; connections to them on an address of the host are
 *     redirected
 * @param inbound the proxy's inbound port
 * @param direct what is not redirected all the same
 * @param rejectQuic whether UDP to port 443 is refused, so that clients fall back to TCP
 */
public record Capture(
    Scope scope,
    Port outbound,
    SortedSet<Port> ports,
    Port inbound,
    Direct direct,
    boolean rejectQuic) {
  /** The same without what comes in. */
  public Capture withoutInbound() {
    return new Capture(scope, outbound, new TreeSet<>(), inbound, direct, rejectQuic);
  }

  /** Keeps a copy. */
  public Capture {
    ports = Collections.unmodifiableSortedSet(new TreeSet<>(ports));
  }
}
