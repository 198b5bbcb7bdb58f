// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What programs with exceptions do with packets, told by running them. */
final class PassageTest {
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMP = 1;
  private static final int SYN = 0x02;
  private static final int ACK = 0x10;

  private static final Direct DIRECT =
      new Direct(
          ports("5432-5432", "8000-8010"),
          networks("10.1.0.0/16", "10.3.4.5/32", "fd01:2::/31", "fd05::/47", "fd06::9/128"),
          ports("53-53"),
          ports("9100-9101"),
          networks("10.9.0.0/20", "fd09::/64"));

  private static final List<Passage> PASSAGES =
      Passage.of(DIRECT, new TreeSet<>(Set.of(new Port(80), new Port(443))));

  private static SortedSet<PortRange> ports(String... ranges) {
    TreeSet<PortRange> set = new TreeSet<>();
    List.of(ranges).forEach(range -> set.add(PortRange.parse(range)));
    return set;
  }

  private static SortedSet<Cidr> networks(String... networks) {
    TreeSet<Cidr> set = new TreeSet<>();
    List.of(networks).forEach(network -> set.add(Cidr.parse(network)));
    return set;
  }

  /** A packet as the workload sees it. */
  private record Packet(
      PacketProgram.Direction direction,
      String remote,
      int protocol,
      int localPort,
      int remotePort,
      int flags) {
    IpFamily family() {
      return IpAddress.parse(remote).family();
    }

    byte[] bytes(int options, int fragment) {
      boolean v4 = family() == IpFamily.V4;
      byte[] local = IpAddress.parse(v4 ? "192.0.2.10" : "fd77::10").inet().getAddress();
      byte[] other = IpAddress.parse(remote).inet().getAddress();
      boolean out = direction == PacketProgram.Direction.OUT;
      ByteBuffer bytes = ByteBuffer.allocate((v4 ? 20 + options : 40) + 20);
      if (v4) {
        bytes.put(0, (byte) (0x40 | (5 + options / 4))).putShort(6, (short) fragment);
        bytes.put(9, (byte) protocol);
        bytes.put(12, out ? local : other).put(16, out ? other : local);
        bytes.position(20 + options);
      } else {
        bytes.put(0, (byte) 0x60).put(6, (byte) protocol);
        bytes.put(8, out ? local : other).put(24, out ? other : local);
        bytes.position(40);
      }
      bytes.putShort((short) (out ? localPort : remotePort));
      bytes.putShort((short) (out ? remotePort : localPort));
      bytes.put(bytes.position() + 9, (byte) flags);
      return bytes.array();
    }
  }

  private static boolean passes(Packet packet) {
    return passes(packet, 2, packet.bytes(0, 0));
  }

  private static boolean passes(Packet packet, int interfaceIndex, byte[] bytes) {
    return new Machine(PacketProgram.of(packet.direction(), PASSAGES).instructions())
        .passes(interfaceIndex, bytes);
  }

  private static Packet out(String remote, int protocol, int local, int port, int flags) {
    return new Packet(PacketProgram.Direction.OUT, remote, protocol, local, port, flags);
  }

  private static Packet in(String remote, int protocol, int local, int port, int flags) {
    return new Packet(PacketProgram.Direction.IN, remote, protocol, local, port, flags);
  }

  @ParameterizedTest
  @CsvSource({"203.0.113.9", "2001:db8:1::9"})
  void theWorkloadMayOpenConnectionsToTheNamedPortsAndGetsAnswersOnly(String anywhere) {
    assertEquals(true, passes(out(anywhere, TCP, 40000, 5432, SYN)));
    assertEquals(true, passes(in(anywhere, TCP, 40000, 5432, SYN | ACK)));
    assertEquals(true, passes(out(anywhere, TCP, 40000, 8010, ACK)));
    assertEquals(false, passes(in(anywhere, TCP, 40000, 5432, SYN)), "somebody's new connection");
    assertEquals(false, passes(out(anywhere, TCP, 40000, 8011, SYN)));
    assertEquals(false, passes(out(anywhere, TCP, 40000, 7999, SYN)));
    assertEquals(false, passes(out(anywhere, UDP, 40000, 5432, 0)));
  }

  @ParameterizedTest
  @CsvSource({"203.0.113.9", "2001:db8:1::9"})
  void othersMayOpenConnectionsToTheNamedPortsAndGetAnswersOnly(String anywhere) {
    assertEquals(true, passes(in(anywhere, TCP, 9101, 40000, SYN)));
    assertEquals(true, passes(out(anywhere, TCP, 9101, 40000, SYN | ACK)));
    assertEquals(false, passes(out(anywhere, TCP, 9101, 40000, SYN)), "the workload's connection");
    assertEquals(false, passes(in(anywhere, TCP, 9102, 40000, SYN)));
    assertEquals(false, passes(in(anywhere, TCP, 80, 40000, SYN)));
  }

  @Test
  void udpPassesToTheNamedPortsInBothDirections() {
    assertEquals(true, passes(out("203.0.113.9", UDP, 40000, 53, 0)));
    assertEquals(true, passes(in("203.0.113.9", UDP, 40000, 53, 0)));
    assertEquals(false, passes(out("203.0.113.9", UDP, 53, 40000, 0)));
    assertEquals(false, passes(out("203.0.113.9", TCP, 40000, 53, SYN)));
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.255.255, true",
    "10.2.0.0, false",
    "10.3.4.5, true",
    "10.3.4.4, false",
    "fd01:3::1, true",
    "fd01:4::1, false",
    "fd05:0:1::1, true",
    "fd05:0:2::1, false",
    "fd06::9, true",
    "fd06::8, false"
  })
  void withTheNamedNetworksEverythingPasses(String remote, boolean passes) {
    for (int protocol : List.of(TCP, UDP, ICMP)) {
      assertEquals(passes, passes(out(remote, protocol, 40000, 40001, SYN)));
      assertEquals(passes, passes(in(remote, protocol, 40000, 40001, SYN)));
    }
  }

  @ParameterizedTest
  @CsvSource({"10.9.15.1, true", "10.9.16.1, false", "fd09::1, true", "fd09:0:0:1::1, false"})
  void theServedPortsAreOpenToTheNamedNetworks(String remote, boolean passes) {
    assertEquals(passes, passes(in(remote, TCP, 443, 40000, SYN)));
    assertEquals(passes, passes(out(remote, TCP, 443, 40000, ACK)));
    assertEquals(false, passes(out(remote, TCP, 443, 40000, SYN)));
    assertEquals(false, passes(in(remote, TCP, 444, 40000, SYN)));
    assertEquals(false, passes(in(remote, UDP, 443, 40000, 0)));
  }

  @Test
  void onTheLoopbackInterfaceEverythingPasses() {
    Packet any = out("203.0.113.9", TCP, 1, 1, SYN);
    assertEquals(true, passes(any, 1, any.bytes(0, 0)));
    assertEquals(true, passes(any, 1, new byte[0]));
  }

  @Test
  void portsAreReadBehindTheOptionsOfTheHeader() {
    Packet allowed = out("203.0.113.9", TCP, 40000, 5432, SYN);
    assertEquals(true, passes(allowed, 2, allowed.bytes(40, 0)));
  }

  @Test
  void aFragmentWithoutPortsPassesByItsAddressOnly() {
    Packet port = out("203.0.113.9", TCP, 40000, 5432, ACK);
    Packet network = out("10.1.0.1", TCP, 40000, 40001, ACK);
    for (int fragment : List.of(0x0001, 0x1f00, 0x2001)) {
      assertEquals(false, passes(port, 2, port.bytes(0, fragment)));
      assertEquals(true, passes(network, 2, network.bytes(0, fragment)));
    }
    // Don't-fragment, and the first of several, are whole as far as ports go.
    assertEquals(true, passes(port, 2, port.bytes(0, 0x4000)));
    assertEquals(true, passes(port, 2, port.bytes(0, 0x2000)));
  }

  @Test
  void whateverIsNoIpPacketIsDropped() {
    Random random = new Random(1);
    Packet shape = out("10.1.0.1", TCP, 40000, 5432, SYN);
    for (int i = 0; i < 2000; i++) {
      byte[] noise = new byte[random.nextInt(80)];
      random.nextBytes(noise);
      if (noise.length > 0) {
        // Versions other than 4 and 6.
        noise[0] = (byte) ((random.nextBoolean() ? 0x50 : 0xf0) | (noise[0] & 0x0f));
      }
      assertEquals(false, passes(shape, 2, noise));
    }
  }

  @Test
  void aPacketThatIsCutShortIsDropped() {
    for (String remote : List.of("10.1.0.1", "fd01:2::1")) {
      Packet allowed = out(remote, TCP, 40000, 40001, SYN);
      byte[] whole = allowed.bytes(0, 0);
      int header = allowed.family() == IpFamily.V4 ? 20 : 40;
      for (int length = 0; length < header; length++) {
        assertEquals(false, passes(allowed, 2, java.util.Arrays.copyOf(whole, length)));
      }
    }
  }

  @Test
  void withoutPassagesItIsTheProgramForLoopbackOnly() {
    assertEquals(
        PacketProgram.LOOPBACK_ONLY, PacketProgram.of(PacketProgram.Direction.IN, List.of()));
  }

  @Test
  void theNameTellsProgramsApart() {
    PacketProgram in = PacketProgram.of(PacketProgram.Direction.IN, PASSAGES);
    PacketProgram out = PacketProgram.of(PacketProgram.Direction.OUT, PASSAGES);
    assertEquals(in.name(), PacketProgram.of(PacketProgram.Direction.IN, PASSAGES).name());
    assertEquals(
        4,
        Set.of(
                in.name(),
                out.name(),
                PacketProgram.LOOPBACK_ONLY.name(),
                PacketProgram.of(PacketProgram.Direction.IN, PASSAGES.subList(0, 3)).name())
            .size());
  }
}
