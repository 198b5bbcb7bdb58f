// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection.conntrack;

import io.meshx.agent.connection.Connections;
import io.meshx.agent.connection.HalfOpen;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The sockets say whose a connection is, connection tracking says whether it is redirected.
 *
 * @see <a href="https://man7.org/linux/man-pages/man8/ss.8.html">ss(8)</a>
 * @see <a href="https://conntrack-tools.netfilter.org/manual.html">conntrack(8)</a>
 */
public final class ConntrackConnections implements Connections {
  private static final List<String> SOCKETS =
      List.of("ss", "-H", "-t", "-n", "-e", "state", "syn-sent");

  /** Receive and send queue, both ends, and after them the user; ss leaves root out. */
  private static final Pattern SOCKET =
      Pattern.compile(
          "\\d+\\s+\\d+\\s+(\\S+):(\\d+)\\s+(\\S+):(\\d+)\\s.*?(?:\\buid:(\\d+)\\b.*?)?(?:\\bcgroup:(/\\S*).*)?");

  private static final Pattern TRACKED =
      Pattern.compile(
          ".* SYN_SENT src=(\\S+) dst=(\\S+) sport=(\\d+) dport=(\\d+) \\[UNREPLIED\\]"
              + " src=(\\S+) dst=(\\S+) sport=(\\d+) dport=(\\d+) .*");

  /** What conntrack prints, with status 1, when nothing matches. */
  private static final String NONE_DELETED = "0 flow entries have been deleted";

  private final Commands commands;

  /**
   * Looks at nothing yet.
   *
   * @param commands runs ss and conntrack
   */
  public ConntrackConnections(Commands commands) {
    this.commands = commands;
  }

  @Override
  public SortedSet<HalfOpen> observe(Set<Scope> scopes) throws HostException {
    TreeSet<HalfOpen> begun = new TreeSet<>();
    for (String line : commands.run(SOCKETS, "").lines().toList()) {
      socket(line).filter(socket -> scopes.stream().anyMatch(socket::isOf)).ifPresent(begun::add);
    }
    TreeSet<HalfOpen> there = new TreeSet<>();
    // The kernel's list of connections can be long; most of the time nobody has to read it.
    for (IpFamily family : IpFamily.values()) {
      if (begun.stream().anyMatch(each -> each.destination().family() == family)) {
        List<String> list =
            List.of("conntrack", "-L", "-f", flag(family), "-p", "tcp", "--state", "SYN_SENT");
        for (String line : commands.run(list, "").lines().toList()) {
          begun.stream().filter(each -> goesStraight(each, line)).forEach(there::add);
        }
      }
    }
    return there;
  }

  private static Optional<HalfOpen> socket(String line) {
    Matcher matcher = SOCKET.matcher(line.strip());
    return matcher.matches()
        ? Optional.of(
            new HalfOpen(
                matcher.group(5) == null ? 0 : Integer.parseInt(matcher.group(5)),
                matcher.group(6) == null ? "" : matcher.group(6),
                address(matcher.group(1)),
                new Port(Integer.parseInt(matcher.group(2))),
                address(matcher.group(3)),
                new Port(Integer.parseInt(matcher.group(4)))))
        : Optional.empty();
  }

  /** As ss writes it: in brackets, with a scope, or IPv4 within IPv6. */
  private static IpAddress address(String text) {
    return IpAddress.parse(text.replaceAll("[\\[\\]]|%.*", ""));
  }

  /**
   * Whether a line of conntrack is about this connection, and expects answers from where it goes.
   */
  private static boolean goesStraight(HalfOpen connection, String line) {
    Matcher matcher = TRACKED.matcher(line);
    return matcher.matches()
        && IpAddress.parse(matcher.group(1)).equals(connection.source())
        && IpAddress.parse(matcher.group(2)).equals(connection.destination())
        && matcher.group(3).equals(connection.sourcePort().toString())
        && matcher.group(4).equals(connection.destinationPort().toString())
        && matcher.group(5).equals(matcher.group(2))
        && matcher.group(7).equals(matcher.group(4));
  }

  @Override
  public void forget(Set<HalfOpen> connections) throws HostException {
    for (HalfOpen each : connections) {
      try {
        commands.run(
            "conntrack",
            "-D",
            "-f",
            flag(each.destination().family()),
            "-p",
            "tcp",
            "--state",
            "SYN_SENT",
            "-s",
            each.source().toString(),
            "-d",
            each.destination().toString(),
            "--sport",
            each.sourcePort().toString(),
            "--dport",
            each.destinationPort().toString());
      } catch (CommandFailed e) {
        if (!e.error().contains(NONE_DELETED)) {
          throw e;
        }
      }
    }
  }

  private static String flag(IpFamily family) {
    return switch (family) {
      case V4 -> "ipv4";
      case V6 -> "ipv6";
    };
  }
}
