// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.connection.Connections;
import io.meshx.agent.connection.ConnectionsContract;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.testing.NetworkNamespace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A network namespace of the real kernel, with a neighbour who is only an entry in a table. */
@Tag("root")
final class ConntrackConnectionsTest extends ConnectionsContract {
  private static final Duration RETRANSMITTED = Duration.ofSeconds(20);

  private static final String RULES =
      """
      table inet test {
        chain out {
          type nat hook output priority -100; tcp dport 99 redirect to :98; tcp dport 97 redirect to :96;
        }
        chain in { type filter hook input priority 0; tcp dport 98 drop; }
      }
      """;

  private static final String BEGIN =
      """
      import socket, sys, signal
      address, port = sys.argv[1:]
      begun = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
      begun.setblocking(False)
      begun.connect_ex((address, int(port)))
      print('begun', flush=True)
      signal.pause()
      """;

  /** Takes every connection and says nothing. */
  private static final String TALK =
      """
      import socket, sys, signal
      listener = socket.socket()
      listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
      listener.bind((sys.argv[1], int(sys.argv[2])))
      listener.listen()
      print('listens', flush=True)
      signal.pause()
      """;

  /** Its standard output ends with the line, since the child that stays has another. */
  private static final String STARTER =
      """
      import subprocess, sys
      child = subprocess.Popen([sys.executable, '-c', *sys.argv[1:]],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
      child.stdout.readline()
      print(child.pid)
      """;

  private final NetworkNamespace host;
  private final NetworkNamespace neighbour;
  private final Commands commands;
  private final Connections connections;
  private final List<Optional<ProcessHandle>> processes = new ArrayList<>();
  private final TreeSet<Integer> uids = new TreeSet<>();
  private int talkers;
  private int conversations;

  ConntrackConnectionsTest() throws HostException {
    host = NetworkNamespace.open();
    neighbour = NetworkNamespace.open();
    commands = host.commands();
    connections = new ConntrackConnections(commands);
  }

  @BeforeEach
  void prepare() throws HostException {
    host.connect(neighbour);
    neighbour.commands().run("ip", "link", "set", "eth0", "up");
    commands.run("ip", "link", "set", "lo", "up");
    commands.run("ip", "link", "set", "eth0", "up");
    commands.run("ip", "address", "add", "10.99.0.1/24", "dev", "eth0");
    commands.run("ip", "address", "add", "fd99::1/64", "dev", "eth0", "nodad");
    for (String address : NEIGHBOUR) {
      commands.run("ip", "neigh", "add", address, "lladdr", "02:00:00:00:00:02", "dev", "eth0");
    }
    commands.run(List.of("nft", "-f", "-"), RULES);
    neighbour.commands().run("ip", "address", "add", TALKER + "/24", "dev", "eth0");
    talker(neighbour.commands(), TALKER, "90");
    talker(commands, "0.0.0.0", "96");
  }

  private void talker(Commands where, String address, String port) throws HostException {
    String pid = where.run("python3", "-c", STARTER, TALK, address, port).strip();
    processes.add(ProcessHandle.of(Long.parseLong(pid)));
    talkers++;
  }

  @Override
  protected void converse(int uid, String address, int port) throws HostException {
    begin(uid, address, port);
    uids.remove(uid);
    talkers++;
    long deadline = System.nanoTime() + RETRANSMITTED.toNanos();
    conversations++;
    while (commands
            .run("ss", "-H", "-t", "-n", "state", "established", "dport", "=", ":" + port)
            .lines()
            .count()
        < conversations) {
      assertTrue(System.nanoTime() < deadline, "nobody answered");
    }
  }

  /** The other end has a name of its own on this host, and so is not asked. */
  @Test
  void aRedirectedConnectionThatIsAnsweredIsNotAmongThem() throws HostException {
    converse(3000, TALKER, 97);
    assertEquals(Set.of(), connections.established(users(3000)));
  }

  @Override
  protected Connections connections() {
    return connections;
  }

  @Override
  protected void begin(int uid, String address, int port) throws HostException {
    uids.add(uid);
    String pid =
        commands
            .run(
                "setpriv",
                "--reuid=" + uid,
                "--clear-groups",
                "python3",
                "-c",
                STARTER,
                BEGIN,
                address,
                Integer.toString(port))
            .strip();
    processes.add(ProcessHandle.of(Long.parseLong(pid)));
  }

  @Override
  protected void tryAgain() throws HostException {
    long deadline = System.nanoTime() + RETRANSMITTED.toNanos();
    while (connections.halfOpen(users(uids.toArray(Integer[]::new))).size()
        < processes.size() - talkers) {
      assertTrue(System.nanoTime() < deadline, "TCP did not send again");
    }
  }

  @Override
  protected void end() throws HostException {
    processes.forEach(process -> process.ifPresent(ProcessHandle::destroyForcibly));
    host.close();
    neighbour.close();
  }
}
