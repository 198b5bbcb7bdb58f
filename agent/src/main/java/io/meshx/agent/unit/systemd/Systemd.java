// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.bus.BusCall;
import java.util.List;

/**
 * systemd's names on the bus.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/org.freedesktop.systemd1.html">
 *     org.freedesktop.systemd1(5)</a>
 */
final class Systemd {
  static final String SERVICE = "org.freedesktop.systemd1";
  static final String OBJECT = "/org/freedesktop/systemd1";
  static final String MANAGER = "org.freedesktop.systemd1.Manager";

  /** The objects of all units. */
  static final String UNIT_OBJECTS = OBJECT + "/unit";

  /** Interfaces of units. */
  static final String UNIT = "org.freedesktop.systemd1.Unit";

  static final String SERVICE_UNIT = "org.freedesktop.systemd1.Service";
  static final String SLICE_UNIT = "org.freedesktop.systemd1.Slice";

  /** Error names, in its bus-common-errors.h. */
  static final String NO_SUCH_UNIT = "org.freedesktop.systemd1.NoSuchUnit";

  static final String UNIT_EXISTS = "org.freedesktop.systemd1.UnitExists";
  static final String ALREADY_SUBSCRIBED = "org.freedesktop.systemd1.AlreadySubscribed";
  static final String DESTRUCTIVE = "org.freedesktop.systemd1.TransactionIsDestructive";

  private Systemd() {}

  /**
   * A call of its manager object.
   *
   * @param subject what it is about, for messages
   */
  static BusCall call(String member, String signature, String subject, Object... arguments) {
    return new BusCall(SERVICE, OBJECT, MANAGER, member, signature, List.of(arguments), subject);
  }
}
