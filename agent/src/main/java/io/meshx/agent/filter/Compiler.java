// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.PortRange;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/**
 * Makes the program that lets packets on the loopback interface and those of some passages pass.
 * Nothing is remembered between packets: an answer is known by TCP's ACK, which the first packet of
 * a connection does not have. A fragment without ports, an IPv6 packet with extension headers and
 * what is too short pass only by their addresses.
 *
 * <p>Registers: 6 the packet, 7 the workload's port, 8 the protocol, 9 the other side's port; below
 * the frame pointer are the IP header and what was read of the transport header.
 */
final class Compiler {
  private static final int PACKET = 6;
  private static final int LOCAL_PORT = 7;
  private static final int PROTOCOL = 8;
  private static final int REMOTE_PORT = 9;
  private static final int FRAME = 10;

  private static final int HEADER = -40;
  private static final int PORTS = -48;
  private static final int FLAGS = -56;

  private static final int V4_HEADER = 20;
  private static final int V6_HEADER = 40;
  private static final int TCP_FLAGS = 13;
  private static final int ACK = 0x10;

  /** bpf_skb_load_bytes(packet, offset, to, length): 0, or negative if the packet is shorter. */
  private static final int LOAD_BYTES = 26;

  /** No port, and above every range. */
  private static final int NO_PORT = 0x10000;

  /** Keeps all bits of the above. */
  private static final int ANY_PORT = 0x1ffff;

  private final PacketProgram.Direction direction;

  private Compiler(PacketProgram.Direction direction) {
    this.direction = direction;
  }

  /** The program for one direction. */
  static List<Instruction> compile(PacketProgram.Direction direction, List<Passage> passages) {
    Compiler compiler = new Compiler(direction);
    List<Instruction> code = new ArrayList<>(PacketProgram.passOnLoopback());
    code.add(Instruction.copy(PACKET, 1));
    // An IPv6 header is read whole later; no IP packet is shorter than an IPv4 header.
    code.addAll(read(0, HEADER, V4_HEADER, drop()));
    code.add(Instruction.loadByte(1, FRAME, HEADER));
    code.add(Instruction.shiftRight(1, 4));
    List<Instruction> v4 = compiler.family(IpFamily.V4, passages);
    List<Instruction> v6 = compiler.family(IpFamily.V6, passages);
    code.add(Instruction.skipUnlessEqual(1, 4, v4.size()));
    code.addAll(v4);
    code.add(Instruction.skipUnlessEqual(1, 6, v6.size()));
    code.addAll(v6);
    code.addAll(drop());
    return code;
  }

  private static List<Instruction> pass() {
    return List.of(Instruction.move(0, 1), Instruction.exit());
  }

  private static List<Instruction> drop() {
    return List.of(Instruction.move(0, 0), Instruction.exit());
  }

  /** Reads at a fixed offset of the packet; what to do if it is too short. */
  private static List<Instruction> read(
      int offset, int to, int length, List<Instruction> otherwise) {
    List<Instruction> code = new ArrayList<>(List.of(Instruction.move(2, offset)));
    code.addAll(readFrom2(to, length, otherwise));
    return code;
  }

  /** Reads at the offset in register 2. */
  private static List<Instruction> readFrom2(int to, int length, List<Instruction> otherwise) {
    List<Instruction> code =
        new ArrayList<>(
            List.of(
                Instruction.copy(1, PACKET),
                Instruction.copy(3, FRAME),
                Instruction.add(3, to),
                Instruction.move(4, length),
                Instruction.call(LOAD_BYTES),
                Instruction.skipIfEqual(0, 0, otherwise.size())));
    code.addAll(otherwise);
    return code;
  }

  private List<Instruction> family(IpFamily family, List<Passage> passages) {
    List<Instruction> code = new ArrayList<>();
    if (family == IpFamily.V6) {
      code.addAll(read(0, HEADER, V6_HEADER, drop()));
    }
    code.add(Instruction.loadByte(PROTOCOL, FRAME, HEADER + (family == IpFamily.V4 ? 9 : 6)));
    code.add(Instruction.move(LOCAL_PORT, NO_PORT));
    code.add(Instruction.move(REMOTE_PORT, NO_PORT));
    code.addAll(ports(family));
    for (Passage passage : passages) {
      List<Cidr> remotes =
          passage.remotes().stream().filter(remote -> remote.family() == family).toList();
      if (passage.remotes().isEmpty() || !remotes.isEmpty()) {
        code.addAll(passage(family, passage, remotes));
      }
    }
    code.addAll(drop());
    return code;
  }

  /** Sets the port registers if the packet has ports, and the flags if it is of TCP. */
  private List<Instruction> ports(IpFamily family) {
    List<Instruction> flags = new ArrayList<>(List.of(Instruction.add(5, TCP_FLAGS)));
    flags.add(Instruction.copy(2, 5));
    flags.addAll(readFrom2(FLAGS, 1, drop()));
    List<Instruction> found = new ArrayList<>(port(source(), PORTS));
    found.addAll(port(destination(), PORTS + 2));
    // The call for the ports clobbers the offset, so it is worked out again.
    found.addAll(transport(family));
    found.add(Instruction.skipUnlessEqual(PROTOCOL, 6, flags.size()));
    found.addAll(flags);

    List<Instruction> read = new ArrayList<>(transport(family));
    read.add(Instruction.copy(2, 5));
    read.addAll(readFrom2(PORTS, 4, List.of(Instruction.skip(found.size()))));
    read.addAll(found);

    List<Instruction> code = new ArrayList<>();
    if (family == IpFamily.V4) {
      // A fragment but the first has an offset, in 13 bits of the bytes 6 and 7.
      List<Instruction> whole = new ArrayList<>();
      whole.add(Instruction.loadByte(1, FRAME, HEADER + 6));
      whole.add(Instruction.and(1, 0x1f));
      whole.add(Instruction.loadByte(2, FRAME, HEADER + 7));
      whole.add(Instruction.or(1, 2));
      whole.add(Instruction.skipUnlessEqual(1, 0, read.size()));
      whole.addAll(read);
      read = whole;
    }
    // TCP or UDP, or none of it.
    code.add(Instruction.skipIfEqual(PROTOCOL, 6, 1));
    code.add(Instruction.skipUnlessEqual(PROTOCOL, 17, read.size()));
    code.addAll(read);
    return code;
  }

  /** Register 5: where the transport header begins. */
  private static List<Instruction> transport(IpFamily family) {
    return family == IpFamily.V6
        ? List.of(Instruction.move(5, V6_HEADER))
        : List.of(
            Instruction.loadByte(5, FRAME, HEADER),
            Instruction.and(5, 0x0f),
            Instruction.shiftLeft(5, 2));
  }

  private static List<Instruction> port(int register, int at) {
    return List.of(
        Instruction.loadByte(register, FRAME, at),
        Instruction.shiftLeft(register, 8),
        Instruction.loadByte(1, FRAME, at + 1),
        Instruction.or(register, 1));
  }

  private int source() {
    return direction == PacketProgram.Direction.OUT ? LOCAL_PORT : REMOTE_PORT;
  }

  private int destination() {
    return direction == PacketProgram.Direction.OUT ? REMOTE_PORT : LOCAL_PORT;
  }

  /** What must be so, as code that goes on if it is, and else skips some instructions behind it. */
  private interface Condition {
    List<Instruction> orSkip(int instructions);
  }

  /** Passes if all that the passage asks for is so, and else goes on behind it. */
  private List<Instruction> passage(IpFamily family, Passage passage, List<Cidr> remotes) {
    List<Condition> conditions = new ArrayList<>();
    passage
        .protocol()
        .ifPresent(protocol -> {
          conditions.add(
              behind -> List.of(Instruction.skipUnlessEqual(PROTOCOL, protocol.number(), behind)));
          // No port is in any range, but without this a fragment would be read for its flags.
          conditions.add(behind -> List.of(Instruction.skipIfEqual(LOCAL_PORT, NO_PORT, behind)));
        });
    if (onlyAnswers(passage.opener())) {
      conditions.add(behind ->
          List.of(
              Instruction.loadByte(1, FRAME, FLAGS),
              Instruction.and(1, ACK),
              Instruction.skipUnlessEqual(1, ACK, behind)));
    }
    conditions.add(anyOf(passage.localPorts(), ports -> within(LOCAL_PORT, ports)));
    conditions.add(anyOf(passage.remotePorts(), ports -> within(REMOTE_PORT, ports)));
    conditions.add(anyOf(remotes, network -> at(family, network)));
    List<Instruction> code = new ArrayList<>(pass());
    for (Condition condition : conditions.reversed()) {
      code.addAll(0, condition.orSkip(code.size()));
    }
    return code;
  }

  /** One of some conditions; no condition if there are none. */
  private static <T> Condition anyOf(Collection<T> elements, Function<T, Condition> condition) {
    if (elements.isEmpty()) {
      return _ -> List.of();
    }
    return behind -> {
      List<Instruction> code = new ArrayList<>(List.of(Instruction.skip(behind)));
      for (T element : List.copyOf(elements).reversed()) {
        code.addFirst(Instruction.skip(code.size()));
        code.addAll(0, condition.apply(element).orSkip(1));
      }
      return code;
    };
  }

  private boolean onlyAnswers(Passage.Opener opener) {
    return switch (opener) {
      case WORKLOAD -> direction == PacketProgram.Direction.IN;
      case PEER -> direction == PacketProgram.Direction.OUT;
      case BOTH -> false;
    };
  }

  private static Condition within(int register, PortRange range) {
    // On a copy whose origin it loses: what the kernel's verifier learns about the port itself
    // would make each range a case of its own in all that follows, more than it can check.
    return behind ->
        List.of(
            Instruction.copy(1, register),
            Instruction.and(1, ANY_PORT),
            Instruction.skipIfBelow(1, range.first().number(), behind + 1),
            Instruction.skipIfAbove(1, range.last().number(), behind));
  }

  private Condition at(IpFamily family, Cidr network) {
    int source = HEADER + (family == IpFamily.V4 ? 12 : 8);
    int address = direction == PacketProgram.Direction.OUT ? source + family.bits() / 8 : source;
    ByteBuffer words = ByteBuffer.wrap(network.address().inet().getAddress());
    return behind -> {
      List<Instruction> code = new ArrayList<>();
      for (int word = (network.prefix() + 31) / 32 - 1; word >= 0; word--) {
        int rest = Math.max(0, 32 * (word + 1) - network.prefix());
        List<Instruction> compare = new ArrayList<>();
        compare.add(Instruction.load(1, FRAME, address + 4 * word));
        compare.add(Instruction.fromNetworkOrder(1));
        if (rest > 0) {
          compare.add(Instruction.shiftRight(1, rest));
        }
        compare.add(
            Instruction.skipUnlessEqual32(
                1, words.getInt(4 * word) >>> rest, behind + code.size()));
        code.addAll(0, compare);
      }
      return code;
    };
  }
}
