// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;

/**
 * Packets that may pass besides those on the loopback interface. Whatever is empty is any.
 *
 * @param protocol the protocol; only with one can there be ports
 * @param opener who may open a TCP connection; the other one's packets pass only as answers
 * @param remote where the other side is
 * @param remotePort the other side's port
 * @param localPort the workload's port
 */
public record Passage(
    Optional<Protocol> protocol,
    Opener opener,
    Optional<Cidr> remote,
    Optional<PortRange> remotePort,
    Optional<PortRange> localPort) {
  /** A transport protocol with ports. */
  public enum Protocol {
    /** TCP. */
    TCP(6),
    /** UDP. */
    UDP(17);

    private final int number;

    Protocol(int number) {
      this.number = number;
    }

    /** Its number at IANA. */
    int number() {
      return number;
    }
  }

  /** Who opens a TCP connection. */
  public enum Opener {
    /** The workload. */
    WORKLOAD,
    /** The other side. */
    PEER,
    /** Either. */
    BOTH
  }

  /**
   * The passages that a workload needs for what goes past its proxy.
   *
   * @param served the ports that it serves
   */
  public static List<Passage> of(Direct direct, SortedSet<Port> served) {
    List<Passage> passages = new ArrayList<>();
    for (Cidr network : direct.toNetworks()) {
      passages.add(
          new Passage(
              Optional.empty(),
              Opener.BOTH,
              Optional.of(network),
              Optional.empty(),
              Optional.empty()));
    }
    for (PortRange ports : direct.toPorts()) {
      passages.add(
          new Passage(
              Optional.of(Protocol.TCP),
              Opener.WORKLOAD,
              Optional.empty(),
              Optional.of(ports),
              Optional.empty()));
    }
    for (PortRange ports : direct.udpPorts()) {
      passages.add(
          new Passage(
              Optional.of(Protocol.UDP),
              Opener.BOTH,
              Optional.empty(),
              Optional.of(ports),
              Optional.empty()));
    }
    for (PortRange ports : direct.fromPorts()) {
      passages.add(
          new Passage(
              Optional.of(Protocol.TCP),
              Opener.PEER,
              Optional.empty(),
              Optional.empty(),
              Optional.of(ports)));
    }
    for (Cidr network : direct.fromNetworks()) {
      for (Port port : served) {
        passages.add(
            new Passage(
                Optional.of(Protocol.TCP),
                Opener.PEER,
                Optional.of(network),
                Optional.empty(),
                Optional.of(PortRange.of(port))));
      }
    }
    return passages;
  }
}
