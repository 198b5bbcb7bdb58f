// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What of a workload's traffic goes past its proxy, in plaintext, because the configuration says
 * so. Ranges that touch are one range, and networks inside others are left out, so that equal
 * values are the same traffic.
 *
 * @param toPorts TCP ports of others to which the workload connects directly
 * @param toNetworks networks with which the workload speaks directly, whatever the protocol
 * @param udpPorts UDP ports of others with which the workload speaks
 * @param fromPorts TCP ports of the workload to which others connect directly
 * @param fromNetworks networks from which others connect directly to the ports that it serves
 */
public record Direct(
    SortedSet<PortRange> toPorts,
    SortedSet<Cidr> toNetworks,
    SortedSet<PortRange> udpPorts,
    SortedSet<PortRange> fromPorts,
    SortedSet<Cidr> fromNetworks) {
  /** Everything goes through the proxy. */
  public static final Direct NOTHING =
      new Direct(
          new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>());

  private static final int SHOWN = 5;

  /** Only TCP that goes out: to ports, and to networks. */
  public static Direct outgoing(SortedSet<PortRange> toPorts, SortedSet<Cidr> toNetworks) {
    return new Direct(toPorts, toNetworks, new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
  }

  /** The same, and others connect directly to more ports. */
  public Direct withInbound(Set<Port> more) {
    TreeSet<PortRange> all = new TreeSet<>(fromPorts);
    more.forEach(port -> all.add(PortRange.of(port)));
    return new Direct(toPorts, toNetworks, udpPorts, all, fromNetworks);
  }

  /** Keeps merged copies. */
  public Direct {
    toPorts = merged(toPorts);
    toNetworks = outermost(toNetworks);
    udpPorts = merged(udpPorts);
    fromPorts = merged(fromPorts);
    fromNetworks = outermost(fromNetworks);
  }

  private static SortedSet<PortRange> merged(SortedSet<PortRange> ranges) {
    TreeSet<PortRange> merged = new TreeSet<>();
    for (PortRange range : ranges) {
      // In order of their beginnings, so only the last one can touch the next.
      merged.add(
          !merged.isEmpty() && merged.last().touches(range)
              ? merged.removeLast().with(range)
              : range);
    }
    return Collections.unmodifiableSortedSet(merged);
  }

  private static SortedSet<Cidr> outermost(SortedSet<Cidr> networks) {
    TreeSet<Cidr> outermost = new TreeSet<>();
    for (Cidr network : networks) {
      // One that contains another comes before it.
      if (outermost.isEmpty() || !outermost.last().contains(network.address())) {
        outermost.add(network);
      }
    }
    return Collections.unmodifiableSortedSet(outermost);
  }

  /** Whether TCP to an address and port goes past the proxy. */
  public boolean spares(IpAddress address, Port port) {
    return toPorts.stream().anyMatch(range -> range.contains(port))
        || toNetworks.stream().anyMatch(network -> network.contains(address));
  }

  /** For people; "" if everything goes through the proxy. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    part(parts, "TCP to ports ", toPorts);
    part(parts, "anything with ", toNetworks);
    part(parts, "UDP with ports ", udpPorts);
    part(parts, "TCP from others to ports ", fromPorts);
    part(parts, "TCP from ", fromNetworks);
    return String.join("; ", parts);
  }

  private static void part(List<String> parts, String what, SortedSet<?> elements) {
    if (!elements.isEmpty()) {
      int more = elements.size() - SHOWN;
      parts.add(
          elements.stream()
                  .limit(SHOWN)
                  .map(Object::toString)
                  .collect(Collectors.joining(", ", what, ""))
              + (more > 0 ? " and " + more + " more" : ""));
    }
  }
}
