// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import io.meshx.agent.model.Digest;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A program that the kernel runs for each packet of a control group and that says whether it may
 * pass.
 *
 * @param name names it, with a part for its version, so that equal names are equal programs
 * @param instructions the program; it gets a {@code struct __sk_buff} in register 1 and leaves 1 to
 *     pass or 0 to drop in register 0
 */
public record PacketProgram(String name, List<Instruction> instructions) {
  /** Offset of ifindex in struct __sk_buff, which is stable (linux/bpf.h). */
  private static final int IFINDEX = 40;

  /** The loopback interface is the first of every network namespace. */
  private static final int LOOPBACK = 1;

  /** Which packets of a control group a program sees. */
  public enum Direction {
    /** Those that come in. */
    IN,
    /** Those that leave. */
    OUT
  }

  /** Only packets on the loopback interface pass, in either direction. */
  public static final PacketProgram LOOPBACK_ONLY =
      new PacketProgram("loopback-only-1", loopbackOnly());

  private static List<Instruction> loopbackOnly() {
    return List.of(
        Instruction.load(2, 1, IFINDEX),
        Instruction.move(0, 0),
        Instruction.skipUnlessEqual(2, LOOPBACK, 1),
        Instruction.move(0, 1),
        Instruction.exit());
  }

  /** Packets on the loopback interface pass; what follows decides on the others. */
  static List<Instruction> passOnLoopback() {
    return List.of(
        Instruction.load(2, 1, IFINDEX),
        Instruction.skipUnlessEqual(2, LOOPBACK, 2),
        Instruction.move(0, 1),
        Instruction.exit());
  }

  /**
   * The program for one direction that lets packets on the loopback interface pass and those of
   * some passages.
   */
  public static PacketProgram of(Direction direction, List<Passage> passages) {
    if (passages.isEmpty()) {
      return LOOPBACK_ONLY;
    }
    List<Instruction> code = Compiler.compile(direction, passages);
    String digest = Digest.of(code.toString()).hex();
    String way =
        switch (direction) {
          case IN -> "in";
          case OUT -> "out";
        };
    return new PacketProgram("exceptions-" + digest + "-" + way, code);
  }

  /** Keeps a copy. */
  public PacketProgram {
    instructions = List.copyOf(instructions);
  }

  /** The program as the kernel of this machine takes it. */
  public byte[] code() {
    return Instruction.encode(instructions, ByteOrder.nativeOrder());
  }
}
