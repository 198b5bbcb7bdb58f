// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * One instruction of an eBPF program.
 *
 * @param opcode what is done
 * @param destination register, 0 to 10
 * @param source register, 0 to 10
 * @param offset of memory, or of a jump in instructions
 * @param immediate a number
 * @see <a href="https://docs.kernel.org/bpf/standardization/instruction-set.html">BPF Instruction
 *     Set Architecture</a>
 */
public record Instruction(int opcode, int destination, int source, int offset, int immediate) {
  /** Bytes of an encoded instruction. */
  public static final int SIZE = 8;

  /** BPF_LDX | BPF_MEM | BPF_W: destination = *(u32 *)(source + offset). */
  static Instruction load(int destination, int source, int offset) {
    return new Instruction(0x61, destination, source, offset, 0);
  }

  /** BPF_ALU64 | BPF_MOV | BPF_K: destination = immediate. */
  static Instruction move(int destination, int immediate) {
    return new Instruction(0xb7, destination, 0, 0, immediate);
  }

  /** BPF_JMP | BPF_JNE | BPF_K: skips instructions if destination != immediate. */
  static Instruction skipUnlessEqual(int destination, int immediate, int instructions) {
    return new Instruction(0x55, destination, 0, instructions, immediate);
  }

  /** BPF_JMP | BPF_EXIT: ends with register 0 as the result. */
  static Instruction exit() {
    return new Instruction(0x95, 0, 0, 0, 0);
  }

  /** The bytes of a program, for a processor of the given order. */
  static byte[] encode(List<Instruction> program, ByteOrder order) {
    ByteBuffer bytes = ByteBuffer.allocate(program.size() * SIZE).order(order);
    for (Instruction each : program) {
      int registers =
          order == ByteOrder.LITTLE_ENDIAN
              ? each.source << 4 | each.destination
              : each.destination << 4 | each.source;
      bytes.put((byte) each.opcode);
      bytes.put((byte) registers);
      bytes.putShort((short) each.offset);
      bytes.putInt(each.immediate);
    }
    return bytes.array();
  }
}
