// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.model.Port;
import java.util.List;

/**
 * The three ports of a proxy that the agent chooses: Linkerd's usual ones, or those a multiple of
 * 100 above.
 *
 * @param number how many hundreds, from 0
 */
record PortBlock(int number) {
  /** How many there are: the highest port of the last one is 65491. */
  static final int COUNT = 614;

  private static final int INBOUND = 4143;
  private static final int OUTBOUND = 4140;
  private static final int ADMIN = 4191;
  private static final int APART = 100;

  /** Checks the number. */
  PortBlock {
    if (number < 0 || number >= COUNT) {
      throw new IllegalArgumentException("'" + number + "' is no number of a block of ports");
    }
  }

  /**
   * The block with an inbound port.
   *
   * @throws IllegalArgumentException if it is in none
   */
  static PortBlock withInbound(long port) {
    if (port < INBOUND || port > INBOUND + APART * (COUNT - 1) || (port - INBOUND) % APART != 0) {
      throw new IllegalArgumentException(
          "'"
              + port
              + "' is none of the inbound ports "
              + INBOUND
              + ", "
              + (INBOUND + APART)
              + " and so on");
    }
    return new PortBlock((int) (port - INBOUND) / APART);
  }

  Port inbound() {
    return new Port(INBOUND + APART * number);
  }

  Port outbound() {
    return new Port(OUTBOUND + APART * number);
  }

  Port admin() {
    return new Port(ADMIN + APART * number);
  }

  /** All three. */
  List<Port> ports() {
    return List.of(inbound(), outbound(), admin());
  }
}
