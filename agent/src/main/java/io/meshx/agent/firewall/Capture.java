// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.Direct;
import io.meshx.agent.model.IpAddress;
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

  /**
   * Whether a connection with another host would be redirected if it were begun now.
   *
   * @param own the workload's port
   * @param other the address of the other end
   * @param otherPort the port of the other end
   */
  public boolean takes(Port own, IpAddress other, Port otherPort) {
    if (other.inet().isLoopbackAddress()) {
      return false;
    }
    return ports.contains(own)
        ? direct.fromPorts().stream().noneMatch(range -> range.contains(own))
            && direct.fromNetworks().stream().noneMatch(network -> network.contains(other))
        : !direct.spares(other, otherPort);
  }

  /** Keeps a copy. */
  public Capture {
    ports = Collections.unmodifiableSortedSet(new TreeSet<>(ports));
  }
}
