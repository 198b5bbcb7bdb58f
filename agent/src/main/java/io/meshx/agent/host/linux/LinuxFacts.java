// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.host.Facts;
import io.meshx.agent.host.Families;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.host.LegacyTables;
import io.meshx.agent.host.Users;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UserName;
import io.meshx.agent.trust.Hands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Facts about this Linux host. */
public final class LinuxFacts implements Facts, Families {
  private static final Logger LOG = LoggerFactory.getLogger(LinuxFacts.class);

  /** One line for each IPv6 address; missing where the kernel has no IPv6 (proc_net(5)). */
  private static final Path IF_INET6 = Path.of("/proc/net/if_inet6");

  private static final Path PROC = Path.of("/proc");

  /** There only if version 2 is mounted where version 1 would be (cgroups(7)). */
  private static final Path UNIFIED = Path.of("/sys/fs/cgroup/cgroup.controllers");

  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

  private static final Path IPTABLES = Path.of("/usr/sbin/iptables");

  /** The names of the tables that exist; only root may read them. */
  private static final List<Path> LEGACY_TABLES =
      List.of(PROC.resolve("net/ip_tables_names"), PROC.resolve("net/ip6_tables_names"));

  /** How that file writes {@code ::1}. */
  private static final String LOOPBACK = "0".repeat(31) + "1 ";

  private final SshListeners sshListeners = new SshListeners(PROC);
  private final Users users;
  private final ProgramVersions versions;
  private final SpireData spireData = new SpireData();
  private final InstantSource clock;
  private final Path ifInet6;

  /**
   * Reads nothing yet.
   *
   * @param users the host's users
   * @param commands runs programs that are asked for their version
   * @param clock the time until which an identity must be valid
   */
  public LinuxFacts(Users users, Commands commands, InstantSource clock) {
    this(users, commands, clock, IF_INET6);
  }

  LinuxFacts(Users users, Commands commands, InstantSource clock, Path ifInet6) {
    this.clock = clock;
    this.users = users;
    this.versions = new ProgramVersions(commands);
    this.ifInet6 = ifInet6;
  }

  @Override
  public HostFacts observe(Questions ask) throws HostException {
    CompletableFuture<SortedMap<Path, String>> answers =
        CompletableFuture.supplyAsync(
            () -> versions.observe(ask.versions()),
            Thread.ofVirtual().name("program-versions")::start);
    TreeMap<UserName, Integer> uids = new TreeMap<>();
    users.lookUp(ask.users()).forEach((name, user) -> uids.put(name, user.uid()));
    TreeSet<Path> present = new TreeSet<>(ask.executables());
    present.removeIf(path -> !Files.isRegularFile(path) || !Files.isExecutable(path));
    return new HostFacts(
        uids,
        families(),
        present,
        replaceable(present),
        answers.join(),
        existing(ask.files()),
        sshPorts(),
        legacy(),
        ResolvConf.nameservers(RESOLV_CONF),
        Files.exists(UNIFIED),
        spireData.look(ask.spireData(), clock.instant()));
  }

  private static SortedMap<Path, String> replaceable(Set<Path> programs) throws FileFailed {
    TreeMap<Path, String> found = new TreeMap<>();
    for (Path program : programs) {
      try {
        Hands.replaceable(program).ifPresent(who -> found.put(program, who));
      } catch (IOException e) {
        throw new FileFailed("looking at who may change '" + program + "'", e.toString(), e);
      }
    }
    return found;
  }

  @Override
  public SortedSet<IpFamily> families() throws FileFailed {
    EnumSet<IpFamily> families = EnumSet.of(IpFamily.V4);
    try {
      if (Files.readAllLines(ifInet6).stream().anyMatch(line -> line.startsWith(LOOPBACK))) {
        families.add(IpFamily.V6);
      }
    } catch (NoSuchFileException e) {
      return new TreeSet<>(families);
    } catch (IOException e) {
      throw new FileFailed("reading '" + ifInet6 + "'", e.toString(), e);
    }
    return new TreeSet<>(families);
  }

  private SortedSet<Port> sshPorts() throws FileFailed {
    try {
      return sshListeners.observe();
    } catch (IOException e) {
      throw new FileFailed("looking for SSH servers in '" + PROC + "'", e.toString(), e);
    }
  }

  private static LegacyTables legacy() throws FileFailed {
    try {
      boolean chosen =
          Files.exists(IPTABLES) && IPTABLES.toRealPath().endsWith("xtables-legacy-multi");
      boolean nat = false;
      for (Path names : LEGACY_TABLES) {
        nat |= Files.exists(names) && Files.readAllLines(names).contains("nat");
      }
      return new LegacyTables(chosen, nat);
    } catch (IOException e) {
      throw new FileFailed("looking for tables of iptables-legacy", e.toString(), e);
    }
  }

  private static SortedMap<Path, Instant> existing(Set<Path> files) throws FileFailed {
    TreeMap<Path, Instant> there = new TreeMap<>();
    for (Path file : files) {
      try {
        there.put(file, Files.getLastModifiedTime(file).toInstant());
      } catch (NoSuchFileException e) {
        LOG.debug("'{}' is not there", file);
      } catch (IOException e) {
        throw new FileFailed("looking at '" + file + "'", e.toString(), e);
      }
    }
    return there;
  }
}
