// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Runs a packet program as a little-endian kernel would, with the one function that ours call. It
 * is strict: whatever a program of ours should not do ends in an exception.
 */
final class Machine {
  private static final int FRAME_SIZE = 512;
  private static final int IFINDEX = 40;

  private final List<Instruction> program;
  private final long[] registers = new long[11];
  private final ByteBuffer frame = ByteBuffer.allocate(FRAME_SIZE).order(ByteOrder.LITTLE_ENDIAN);

  Machine(List<Instruction> program) {
    this.program = program;
  }

  /** Whether a packet on an interface passes. */
  boolean passes(int interfaceIndex, byte[] packet) {
    int at = 0;
    while (true) {
      Instruction now = program.get(at++);
      int to = now.destination();
      long immediate = now.immediate();
      switch (now.opcode()) {
        case 0x61 ->
            registers[to] =
                now.source() == 1 && now.offset() == IFINDEX && at == 1
                    ? interfaceIndex
                    : frame.getInt(frameOffset(now)) & 0xffffffffL;
        case 0x71 -> registers[to] = frame.get(frameOffset(now)) & 0xff;
        case 0xb7 -> registers[to] = immediate;
        case 0xbf -> registers[to] = registers[now.source()];
        case 0x07 -> registers[to] += immediate;
        case 0x4f -> registers[to] |= registers[now.source()];
        case 0x57 -> registers[to] &= immediate;
        case 0x67 -> registers[to] <<= immediate;
        case 0x77 -> registers[to] >>>= immediate;
        case 0xdc -> registers[to] = Integer.reverseBytes((int) registers[to]) & 0xffffffffL;
        case 0x05 -> at += now.offset();
        case 0x15 -> at += registers[to] == immediate ? now.offset() : 0;
        case 0x55 -> at += registers[to] != immediate ? now.offset() : 0;
        case 0x56 -> at += (int) registers[to] != now.immediate() ? now.offset() : 0;
        case 0xa5 -> at += Long.compareUnsigned(registers[to], immediate) < 0 ? now.offset() : 0;
        case 0x25 -> at += Long.compareUnsigned(registers[to], immediate) > 0 ? now.offset() : 0;
        case 0x85 -> loadBytes(now.immediate(), packet);
        case 0x95 -> {
          return registers[0] == 1;
        }
        default -> throw new IllegalStateException("no such instruction: " + now);
      }
    }
  }

  private int frameOffset(Instruction load) {
    if (load.source() != 10) {
      throw new IllegalStateException("reads elsewhere than in its frame: " + load);
    }
    return FRAME_SIZE + load.offset();
  }

  /** bpf_skb_load_bytes; it leaves nothing in the registers of its arguments. */
  private void loadBytes(int function, byte[] packet) {
    if (function != 26) {
      throw new IllegalStateException("no such function: " + function);
    }
    int from = (int) registers[2];
    int to = FRAME_SIZE + (int) registers[3];
    int length = (int) registers[4];
    boolean there = from + length <= packet.length;
    if (there) {
      frame.put(to, packet, from, length);
    }
    for (int argument = 1; argument <= 5; argument++) {
      registers[argument] = 0xdeadbeefL;
    }
    registers[0] = there ? 0 : -14;
  }
}
