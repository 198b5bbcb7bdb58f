// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host;

import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the agent takes as given about the host.
 *
 * @param uids user ID of each user that exists; a name that is missing is no user here
 * @param families address families that the host has on its loopback interface
 * @param executables of the paths that were asked about, those that are executable files
 * @param replaceable of those, the ones that others than root can change, and who, in words that
 *     follow the file's name
 * @param versions what the programs that were asked for their version said, those that answered
 * @param files of the paths that were asked about, those that exist, of whatever kind, with the
 *     time of their last change
 * @param sshPorts TCP ports on which an SSH server listens
 * @param legacy what there is of the older iptables interface
 * @param nameservers DNS servers that programs ask, in the order of {@code /etc/resolv.conf}; empty
 *     means one on this host
 * @param unified whether control groups are of version 2 only
 * @param attestation the identity that the SPIRE agent keeps
 */
public record HostFacts(
    SortedMap<UserName, Integer> uids,
    SortedSet<IpFamily> families,
    SortedSet<Path> executables,
    SortedMap<Path, String> replaceable,
    SortedMap<Path, String> versions,
    SortedMap<Path, Instant> files,
    SortedSet<Port> sshPorts,
    LegacyTables legacy,
    List<IpAddress> nameservers,
    boolean unified,
    Attestation attestation) {
  /** Keeps copies. */
  public HostFacts {
    uids = Collections.unmodifiableSortedMap(new TreeMap<>(uids));
    families = Collections.unmodifiableSortedSet(new TreeSet<>(families));
    replaceable = Collections.unmodifiableSortedMap(new TreeMap<>(replaceable));
    versions = Collections.unmodifiableSortedMap(new TreeMap<>(versions));
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    sshPorts = Collections.unmodifiableSortedSet(new TreeSet<>(sshPorts));
    nameservers = List.copyOf(nameservers);
    executables = Collections.unmodifiableSortedSet(new TreeSet<>(executables));
  }

  /** Whether the SPIRE agent has an identity, so that nothing must prove the host now. */
  public boolean attested() {
    return attestation instanceof Attestation.Valid;
  }
}
