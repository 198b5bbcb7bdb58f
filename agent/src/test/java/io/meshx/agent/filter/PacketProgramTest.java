// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class PacketProgramTest {
  private static final HexFormat BYTES = HexFormat.of();

  @Test
  void loopbackOnlyComparesTheInterfaceAndReturnsOneOrZero() {
    assertEquals(
        """
        6112280000000000
        b700000000000000
        5502010001000000
        b700000001000000
        9500000000000000
        """,
        listing(ByteOrder.LITTLE_ENDIAN));
  }

  @Test
  void aBigEndianProcessorSwapsNumbersAndRegisters() {
    assertEquals(
        """
        6121002800000000
        b700000000000000
        5520000100000001
        b700000000000001
        9500000000000000
        """,
        listing(ByteOrder.BIG_ENDIAN));
  }

  private static String listing(ByteOrder order) {
    String all =
        BYTES.formatHex(Instruction.encode(PacketProgram.LOOPBACK_ONLY.instructions(), order));
    return all.replaceAll("(.{16})", "$1\n");
  }
}
