// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet;

import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Who decides what comes in from other hosts. */
public sealed interface Guard {
  /** Nobody that we know of. */
  record None() implements Guard {}

  /**
   * firewalld.
   *
   * @param zones the zones that have an interface, or the default one if none has
   * @param ours the openings that we have made
   * @param refusesRedirectedV6 whether it refuses IPv6 connections that were redirected to the
   *     loopback address: it takes {@code ::1} for an IPv4 address in disguise (RFC 3964) on the
   *     interface that the connection would have left through
   */
  record Firewalld(SortedSet<String> zones, SortedSet<Opening> ours, boolean refusesRedirectedV6)
      implements Guard {
    /** Takes any sets. */
    public Firewalld(Set<String> zones, Set<Opening> ours) {
      this(new TreeSet<>(zones), new TreeSet<>(ours), false);
    }

    /** Keeps copies. */
    public Firewalld {
      zones = Collections.unmodifiableSortedSet(new TreeSet<>(zones));
      ours = Collections.unmodifiableSortedSet(new TreeSet<>(ours));
    }
  }

  /**
   * Input chains of nftables that refuse what they do not accept. They are their administrator's,
   * we change none.
   *
   * @param chains for each chain, as {@code nft} names it, the TCP ports to which some rule of it
   *     may let a peer connect
   */
  record Chains(SortedMap<String, SortedSet<PortRange>> chains) implements Guard {
    /** Keeps a copy. */
    public Chains {
      chains = Collections.unmodifiableSortedMap(new TreeMap<>(chains));
    }

    /** The chains that let nobody connect to a port. */
    public List<String> refusing(Port port) {
      return chains.entrySet().stream()
          .filter(chain -> chain.getValue().stream().noneMatch(range -> range.contains(port)))
          .map(Map.Entry::getKey)
          .toList();
    }
  }

  /**
   * ufw, which refuses what no rule of it lets in. Its rules are its administrator's, we make none.
   *
   * @param allowed TCP ports that a rule lets in, from wherever
   */
  record Ufw(SortedSet<PortRange> allowed) implements Guard {
    /** Takes any set. */
    public Ufw(Set<PortRange> allowed) {
      this(new TreeSet<>(allowed));
    }

    /** Keeps a copy. */
    public Ufw {
      allowed = Collections.unmodifiableSortedSet(new TreeSet<>(allowed));
    }

    /** Whether a rule lets connections to a port in. */
    public boolean lets(Port port) {
      return allowed.stream().anyMatch(range -> range.contains(port));
    }
  }
}
