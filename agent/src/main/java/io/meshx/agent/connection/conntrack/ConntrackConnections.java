// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection.conntrack;

import io.meshx.agent.connection.Connection;
import io.meshx.agent.connection.Connections;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Scope;
import java.util.ArrayList;
import java.util.HashSet;
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
  private static final List<String> SOCKETS = List.of("ss", "-H", "-t", "-n", "-e", "state");

  /** Receive and send queue, both ends, and after them the user; ss leaves root out. */
  private static final Pattern SOCKET =
      Pattern.compile(
          "\\d+\\s+\\d+\\s+(\\S+):(\\d+)\\s+(\\S+):(\\d+)\\s.*?(?:\\buid:(\\d+)\\b.*?)?(?:\\bcgroup:(/\\S*).*)?");

  private static final Pattern TRACKED =
      Pattern.compile(
          ".* (?:SYN_SENT|ESTABLISHED) src=(\\S+) dst=(\\S+) sport=(\\d+) dport=(\\d+)"
              + " (?:\\[UNREPLIED\\] )?src=(\\S+) dst=(\\S+) sport=(\\d+) dport=(\\d+) .*");

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
  public SortedSet<Connection> halfOpen(Set<Scope> scopes) throws HostException {
    return straight(sockets("syn-sent", scopes), "SYN_SENT");
  }

  @Override
  public SortedSet<Connection> established(Set<Scope> scopes) throws HostException {
    SortedSet<Connection> sockets = sockets("established", scopes);
    // Both ends on this host: a proxy's connection to its workload, or somebody's on the loopback.
    sockets.removeIf(each ->
        each.source().equals(each.destination()) || each.destination().inet().isLoopbackAddress());
    return straight(sockets, "ESTABLISHED");
  }

  private SortedSet<Connection> sockets(String state, Set<Scope> scopes) throws HostException {
    TreeSet<Connection> found = new TreeSet<>();
    List<String> list = new ArrayList<>(SOCKETS);
    list.add(state);
    for (String line : commands.run(list, "").lines().toList()) {
      socket(line).filter(socket -> scopes.stream().anyMatch(socket::isOf)).ifPresent(found::add);
    }
    return found;
  }

  private SortedSet<Connection> straight(SortedSet<Connection> sockets, String state)
      throws HostException {
    TreeSet<Connection> there = new TreeSet<>();
    // The kernel's list of connections can be long; most of the time nobody has to read it.
    for (IpFamily family : IpFamily.values()) {
      if (sockets.stream().anyMatch(each -> each.destination().family() == family)) {
        List<String> list =
            List.of("conntrack", "-L", "-f", flag(family), "-p", "tcp", "--state", state);
        Set<List<String>> straight = new HashSet<>();
        for (String line : commands.run(list, "").lines().toList()) {
          Matcher matcher = TRACKED.matcher(line);
          if (matcher.matches()
              && matcher.group(5).equals(matcher.group(2))
              && matcher.group(7).equals(matcher.group(4))) {
            String source = IpAddress.parse(matcher.group(1)).toString();
            String destination = IpAddress.parse(matcher.group(2)).toString();
            straight.add(List.of(source, matcher.group(3), destination, matcher.group(4)));
            straight.add(List.of(destination, matcher.group(4), source, matcher.group(3)));
          }
        }
        sockets.stream().filter(each -> straight.contains(ends(each))).forEach(there::add);
      }
    }
    return there;
  }

  private static List<String> ends(Connection each) {
    return List.of(
        each.source().toString(),
        each.sourcePort().toString(),
        each.destination().toString(),
        each.destinationPort().toString());
  }

  private static Optional<Connection> socket(String line) {
    Matcher matcher = SOCKET.matcher(line.strip());
    return matcher.matches()
        ? Optional.of(
            new Connection(
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

  @Override
  public void forget(Set<Connection> connections) throws HostException {
    for (Connection each : connections) {
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
