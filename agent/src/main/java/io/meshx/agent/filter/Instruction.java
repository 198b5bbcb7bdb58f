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
  /**
   * Checks that it can be encoded.
   *
   * @throws IllegalArgumentException if the offset takes more than 16 bits
   */
  public Instruction {
    if (offset != (short) offset) {
      throw new IllegalArgumentException("a jump over " + offset + " instructions is too far");
    }
  }

  /** Bytes of an encoded instruction. */
  public static final int SIZE = 8;

  /** BPF_LDX | BPF_MEM | BPF_W: destination = *(u32 *)(source + offset). */
  static Instruction load(int destination, int source, int offset) {
    return new Instruction(0x61, destination, source, offset, 0);
  }

  /** BPF_LDX | BPF_MEM | BPF_B: destination = *(u8 *)(source + offset). */
  static Instruction loadByte(int destination, int source, int offset) {
    return new Instruction(0x71, destination, source, offset, 0);
  }

  /** BPF_ALU64 | BPF_MOV | BPF_K: destination = immediate. */
  static Instruction move(int destination, int immediate) {
    return new Instruction(0xb7, destination, 0, 0, immediate);
  }

  /** BPF_ALU64 | BPF_MOV | BPF_X: destination = source. */
  static Instruction copy(int destination, int source) {
    return new Instruction(0xbf, destination, source, 0, 0);
  }

  /** BPF_ALU64 | BPF_ADD | BPF_K: destination += immediate. */
  static Instruction add(int destination, int immediate) {
    return new Instruction(0x07, destination, 0, 0, immediate);
  }

  /** BPF_ALU64 | BPF_OR | BPF_X: destination |= source. */
  static Instruction or(int destination, int source) {
    return new Instruction(0x4f, destination, source, 0, 0);
  }

  /** BPF_ALU64 | BPF_AND | BPF_K: destination &= immediate. */
  static Instruction and(int destination, int immediate) {
    return new Instruction(0x57, destination, 0, 0, immediate);
  }

  /** BPF_ALU64 | BPF_LSH | BPF_K: destination <<= immediate. */
  static Instruction shiftLeft(int destination, int immediate) {
    return new Instruction(0x67, destination, 0, 0, immediate);
  }

  /** BPF_ALU64 | BPF_RSH | BPF_K: destination >>= immediate, unsigned. */
  static Instruction shiftRight(int destination, int immediate) {
    return new Instruction(0x77, destination, 0, 0, immediate);
  }

  /** BPF_ALU | BPF_END | BPF_TO_BE, 32 bits: what was loaded in the packet's byte order. */
  static Instruction fromNetworkOrder(int destination) {
    return new Instruction(0xdc, destination, 0, 0, 32);
  }

  /** BPF_JMP | BPF_JA: skips instructions. */
  static Instruction skip(int instructions) {
    return new Instruction(0x05, 0, 0, instructions, 0);
  }

  /** BPF_JMP | BPF_JEQ | BPF_K: skips instructions if destination == immediate. */
  static Instruction skipIfEqual(int destination, int immediate, int instructions) {
    return new Instruction(0x15, destination, 0, instructions, immediate);
  }

  /** BPF_JMP | BPF_JNE | BPF_K: skips instructions if destination != immediate. */
  static Instruction skipUnlessEqual(int destination, int immediate, int instructions) {
    return new Instruction(0x55, destination, 0, instructions, immediate);
  }

  /** BPF_JMP32 | BPF_JNE | BPF_K: the same for the lower 32 bits. */
  static Instruction skipUnlessEqual32(int destination, int immediate, int instructions) {
    return new Instruction(0x56, destination, 0, instructions, immediate);
  }

  /** BPF_JMP | BPF_JLT | BPF_K: skips instructions if destination < immediate, unsigned. */
  static Instruction skipIfBelow(int destination, int immediate, int instructions) {
    return new Instruction(0xa5, destination, 0, instructions, immediate);
  }

  /** BPF_JMP | BPF_JGT | BPF_K: skips instructions if destination > immediate, unsigned. */
  static Instruction skipIfAbove(int destination, int immediate, int instructions) {
    return new Instruction(0x25, destination, 0, instructions, immediate);
  }

  /** BPF_JMP | BPF_CALL: a function of the kernel, by its number in linux/bpf.h. */
  static Instruction call(int function) {
    return new Instruction(0x85, 0, 0, 0, function);
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
