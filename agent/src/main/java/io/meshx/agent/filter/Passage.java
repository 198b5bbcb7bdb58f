// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Packets that may pass besides those on the loopback interface. Of each set one element must fit;
 * an empty set, and no protocol, is any.
 *
 * @param protocol the protocol; only with one can there be ports
 * @param opener who may open a TCP connection; the other one's packets pass only as answers
 * @param remotes where the other side is
 * @param remotePorts the other side's port
 * @param localPorts the workload's port
 */
public record Passage(
    Optional<Protocol> protocol,
    Opener opener,
    SortedSet<Cidr> remotes,
    SortedSet<PortRange> remotePorts,
    SortedSet<PortRange> localPorts) {
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

  /** Keeps copies. */
  public Passage {
    remotes = Collections.unmodifiableSortedSet(new TreeSet<>(remotes));
    remotePorts = Collections.unmodifiableSortedSet(new TreeSet<>(remotePorts));
    localPorts = Collections.unmodifiableSortedSet(new TreeSet<>(localPorts));
  }

  /**
   * The passages that a workload needs for what goes past its proxy.
   *
   * @param served the ports that it serves
   */
  public static List<Passage> of(Direct direct, SortedSet<Port> served) {
    SortedSet<Cidr> anywhere = new TreeSet<>();
    SortedSet<PortRange> any = new TreeSet<>();
    SortedSet<PortRange> ours =
        served.stream().map(PortRange::of).collect(Collectors.toCollection(TreeSet::new));
    Optional<Protocol> tcp = Optional.of(Protocol.TCP);
    List<Passage> passages = new ArrayList<>();
    if (!direct.toNetworks().isEmpty()) {
      passages.add(new Passage(Optional.empty(), Opener.BOTH, direct.toNetworks(), any, any));
    }
    if (!direct.toPorts().isEmpty()) {
      passages.add(new Passage(tcp, Opener.WORKLOAD, anywhere, direct.toPorts(), any));
    }
    if (!direct.udpPorts().isEmpty()) {
      passages.add(
          new Passage(Optional.of(Protocol.UDP), Opener.BOTH, anywhere, direct.udpPorts(), any));
    }
    if (!direct.fromPorts().isEmpty()) {
      passages.add(new Passage(tcp, Opener.PEER, anywhere, any, direct.fromPorts()));
    }
    if (!direct.fromNetworks().isEmpty() && !ours.isEmpty()) {
      passages.add(new Passage(tcp, Opener.PEER, direct.fromNetworks(), any, ours));
    }
    return passages;
  }
}
