// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

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

  /** Only packets on the loopback interface pass, in either direction. */
  public static final PacketProgram LOOPBACK_ONLY =
      new PacketProgram(
          "loopback-only-1",
          List.of(
              Instruction.load(2, 1, IFINDEX),
              Instruction.move(0, 0),
              Instruction.skipUnlessEqual(2, LOOPBACK, 1),
              Instruction.move(0, 1),
              Instruction.exit()));

  /** Keeps a copy. */
  public PacketProgram {
    instructions = List.copyOf(instructions);
  }

  /** The program as the kernel of this machine takes it. */
  public byte[] code() {
    return Instruction.encode(instructions, ByteOrder.nativeOrder());
  }
}
