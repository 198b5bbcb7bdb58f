// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Where connections end up, with the rules of one backend in a real kernel: a host and a peer, with
 * a listener on each port that says who it is. What Linkerd's proxy-init promises is asked here too
 * (no rules, all, some ports, ignored ports and networks, not the proxy, not loopback).
 */
@Tag("root")
public abstract class RedirectBehaviour {
  /** The families of the hosts. */
  protected static final TreeSet<IpFamily> FAMILIES = new TreeSet<>(Set.of(IpFamily.values()));

  private static final WorkloadName WEB = new WorkloadName("web");
  private static final WorkloadName API = new WorkloadName("api");
  private static final int ROOT = 0;
  private static final int PROXY = 990;
  private static final int WORKLOAD = 3000;
  private static final int OTHER_WORKLOAD = 3001;
  private static final int SOMEBODY = 3005;

  /** Who listens where: each argument is a port and a name. */
  private static final String LISTEN =
      """
      import socket, sys, threading
      def serve(listener, name):
          while True:
              connection = listener.accept()[0]
              connection.sendall(name.encode())
              connection.close()
      for each in sys.argv[1:]:
          port, name = each.split('=')
          listener = socket.create_server(('::', int(port)), family=socket.AF_INET6,
                                          dualstack_ipv6=True)
          threading.Thread(target=serve, args=(listener, name)).start()
      print('up', flush=True)
      """;

  private static final String ASK =
      """
      import os, socket, sys
      address, port, kind, source = sys.argv[1:]
      family = socket.AF_INET6 if ':' in address else socket.AF_INET
      asked = socket.socket(family, getattr(socket, kind))
      asked.settimeout(2)
      try:
          if source:
              asked.bind((source, 0))
          asked.connect((address, int(port)))
          if kind == 'SOCK_DGRAM':
              asked.send(b'x')
          print(asked.recv(100).decode())
      except OSError as e:
          print(type(e).__name__)
      """;

  private final NetworkNamespace host;
  private final NetworkNamespace peer;
  private final List<Optional<ProcessHandle>> listeners = new ArrayList<>();

  /** Makes both hosts. */
  protected RedirectBehaviour() throws HostException {
    host = NetworkNamespace.open();
    peer = NetworkNamespace.open();
  }

  /** Puts rules into force on the host. */
  protected abstract void apply(Commands commands, Interception interception) throws HostException;

  @BeforeEach
  void connect() throws HostException, IOException {
    host.connect(peer);
    address(host, 2);
    address(peer, 1);
    // A second network of the peer's, which the host reaches through the first.
    ip(peer, "address", "add", "10.77.10.1/32", "dev", "lo");
    ip(peer, "address", "add", "fd77:10::1/128", "dev", "lo", "nodad");
    ip(host, "route", "add", "10.77.10.0/24", "via", "10.77.9.1");
    ip(host, "-6", "route", "add", "fd77:10::/64", "via", "fd77:9::1");
    listen(host, "4140=outbound-proxy", "4143=inbound-proxy", "80=app", "9100=app-metrics");
    listen(peer, "80=peer", "5432=peer", "8005=peer", "53=peer");
  }

  private static void address(NetworkNamespace in, int last) throws HostException {
    ip(in, "link", "set", "lo", "up");
    ip(in, "link", "set", "eth0", "up");
    ip(in, "address", "add", "10.77.9." + last + "/24", "dev", "eth0");
    ip(in, "address", "add", "fd77:9::" + last + "/64", "dev", "eth0", "nodad");
  }

  private static void ip(NetworkNamespace in, String... arguments) throws HostException {
    List<String> argv = new ArrayList<>(List.of("ip"));
    argv.addAll(List.of(arguments));
    in.commands().run(argv, "");
  }

  private void listen(NetworkNamespace in, String... who) throws HostException, IOException {
    List<String> argv =
        new ArrayList<>(
            List.of(
                "sh",
                "-c",
                "python3 -c \"$0\" \"$@\" >\"$UP\" 2>&1 & until grep -q up \"$UP\"; do :; done;"
                    + " echo $!",
                LISTEN));
    Path up = Files.createTempFile("meshx", ".up");
    argv.addAll(0, List.of("env", "UP=" + up));
    argv.addAll(List.of(who));
    listeners.add(ProcessHandle.of(Long.parseLong(in.commands().run(argv, "").strip())));
    Files.delete(up);
  }

  @AfterEach
  void close() throws HostException {
    listeners.forEach(listener -> listener.ifPresent(ProcessHandle::destroyForcibly));
    host.close();
    peer.close();
  }

  /** The addresses of one family. */
  private record Addresses(String host, String peer, String loopback, String second) {
    static Addresses of(IpFamily family) {
      return switch (family) {
        case V4 -> new Addresses("10.77.9.2", "10.77.9.1", "127.0.0.1", "10.77.10.1");
        case V6 -> new Addresses("fd77:9::2", "fd77:9::1", "::1", "fd77:10::1");
      };
    }
  }

  private String fromHost(int uid, String address, int port) throws HostException {
    return ask(host, uid, address, port, "SOCK_STREAM", "");
  }

  private String fromPeer(String address, int port, String source) throws HostException {
    return ask(peer, ROOT, address, port, "SOCK_STREAM", source);
  }

  private static String ask(
      NetworkNamespace from, int uid, String address, int port, String kind, String source)
      throws HostException {
    return from.commands()
        .run(
            "setpriv",
            "--reuid=" + uid,
            "--clear-groups",
            "python3",
            "-c",
            ASK,
            address,
            Integer.toString(port),
            kind,
            source)
        .strip();
  }

  private static SortedSet<PortRange> ports(String... ranges) {
    TreeSet<PortRange> set = new TreeSet<>();
    List.of(ranges).forEach(range -> set.add(PortRange.parse(range)));
    return set;
  }

  private static Interception of(Direct direct, Optional<HostCapture> everybodyElse) {
    TreeMap<WorkloadName, Capture> captures = new TreeMap<>();
    captures.put(
        WEB,
        new Capture(
            new Scope.User(WORKLOAD),
            new Port(4140),
            new TreeSet<>(Set.of(new Port(80))),
            new Port(4143),
            direct,
            true));
    captures.put(
        API,
        new Capture(
            new Scope.User(OTHER_WORKLOAD),
            new Port(4240),
            new TreeSet<>(),
            new Port(4243),
            Direct.NOTHING,
            false));
    return new Interception(new TreeSet<>(Set.of(PROXY)), captures, everybodyElse);
  }

  private static Interception plain() {
    return of(Direct.NOTHING, Optional.empty());
  }

  @ParameterizedTest
  @EnumSource(IpFamily.class)
  void withoutRulesEverythingGoesWhereItIsSent(IpFamily family) throws HostException {
    Addresses at = Addresses.of(family);
    apply(host.commands(), plain());
    apply(host.commands(), new Interception(new TreeSet<>(), new TreeMap<>(), Optional.empty()));
    assertEquals("peer", fromHost(WORKLOAD, at.peer(), 80));
    assertEquals("app", fromPeer(at.host(), 80, ""));
    assertEquals("app-metrics", fromPeer(at.host(), 9100, ""));
  }

  @ParameterizedTest
  @EnumSource(IpFamily.class)
  void allThatTheWorkloadSendsGoesToItsProxyAndNobodyElses(IpFamily family) throws HostException {
    Addresses at = Addresses.of(family);
    apply(host.commands(), plain());
    for (int port : List.of(80, 5432, 8005, 53, 12345)) {
      assertEquals("outbound-proxy", fromHost(WORKLOAD, at.peer(), port));
    }
    for (int uid : List.of(ROOT, PROXY, SOMEBODY)) {
      assertEquals("peer", fromHost(uid, at.peer(), 80));
    }
    // Its own proxy, on whose port nobody listens here.
    assertEquals("ConnectionRefusedError", fromHost(OTHER_WORKLOAD, at.peer(), 80));
  }

  @ParameterizedTest
  @EnumSource(IpFamily.class)
  void whatStaysOnTheHostIsNotRedirected(IpFamily family) throws HostException {
    Addresses at = Addresses.of(family);
    apply(host.commands(), plain());
    assertEquals("app", fromHost(WORKLOAD, at.loopback(), 80));
    assertEquals("app", fromHost(WORKLOAD, at.host(), 80));
    assertEquals("app", fromHost(SOMEBODY, at.host(), 80));
  }

  @ParameterizedTest
  @EnumSource(IpFamily.class)
  void connectionsToTheWorkloadsPortsGoToItsProxyAndToOthersDoNot(IpFamily family)
      throws HostException {
    Addresses at = Addresses.of(family);
    apply(host.commands(), plain());
    assertEquals("inbound-proxy", fromPeer(at.host(), 80, ""));
    assertEquals("inbound-proxy", fromPeer(at.host(), 4143, ""));
    assertEquals("app-metrics", fromPeer(at.host(), 9100, ""));
  }

  @ParameterizedTest
  @EnumSource(IpFamily.class)
  void skippedPortsAndNetworksGoDirectly(IpFamily family) throws HostException {
    Addresses at = Addresses.of(family);
    TreeSet<Cidr> second =
        new TreeSet<>(Set.of(Cidr.parse("10.77.10.0/24"), Cidr.parse("fd77:10::/64")));
    apply(
        host.commands(),
        of(
            new Direct(ports("5432-5432", "8000-8010"), second, ports(), ports(), second),
            Optional.empty()));
    assertEquals("peer", fromHost(WORKLOAD, at.peer(), 5432));
    assertEquals("peer", fromHost(WORKLOAD, at.peer(), 8005));
    assertEquals("peer", fromHost(WORKLOAD, at.second(), 80));
    assertEquals("outbound-proxy", fromHost(WORKLOAD, at.peer(), 80));
    assertEquals("outbound-proxy", fromHost(WORKLOAD, at.peer(), 8011));
    assertEquals("app", fromPeer(at.host(), 80, at.second()));
    assertEquals("inbound-proxy", fromPeer(at.host(), 80, at.peer()));
  }

  @ParameterizedTest
  @EnumSource(IpFamily.class)
  void theRestOfTheHostGoesThroughTheProxyButForWhatItLivesOn(IpFamily family)
      throws HostException {
    Addresses at = Addresses.of(family);
    apply(
        host.commands(),
        of(
            Direct.NOTHING,
            Optional.of(
                new HostCapture(
                    WEB,
                    new Port(4140),
                    new TreeSet<>(Set.of(ROOT, WORKLOAD, OTHER_WORKLOAD)),
                    Direct.outgoing(ports("53-53"), new TreeSet<>())))));
    assertEquals("outbound-proxy", fromHost(SOMEBODY, at.peer(), 80));
    assertEquals("outbound-proxy", fromHost(WORKLOAD, at.peer(), 53));
    assertEquals("peer", fromHost(SOMEBODY, at.peer(), 53));
    assertEquals("peer", fromHost(ROOT, at.peer(), 80));
    assertEquals("peer", fromHost(PROXY, at.peer(), 80));
    assertEquals("app", fromHost(SOMEBODY, at.host(), 80));
    assertEquals("ConnectionRefusedError", fromHost(OTHER_WORKLOAD, at.peer(), 80));
  }

  /** What a datagram of the workload to port 443 of the peer, which nobody there takes, meets. */
  protected String quic(IpFamily family) throws HostException {
    apply(host.commands(), plain());
    return ask(host, WORKLOAD, Addresses.of(family).peer(), 443, "SOCK_DGRAM", "");
  }
}
