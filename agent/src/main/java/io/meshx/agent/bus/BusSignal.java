// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.bus;

import java.util.Arrays;
import java.util.List;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.DBusSignal;

/** A signal that came in. Its body is read only when it is asked for. */
public final class BusSignal {
  private final DBusSignal signal;

  BusSignal(DBusSignal signal) {
    this.signal = signal;
  }

  /** The object that sent it. */
  public String path() {
    return signal.getPath();
  }

  /** Its name. */
  public String member() {
    return signal.getName();
  }

  /** Its arguments, in the forms that {@link BusCall} names. */
  public List<Object> arguments() {
    try {
      Object[] parameters = signal.getParameters();
      return parameters == null ? List.of() : Arrays.asList(parameters);
    } catch (DBusException e) {
      throw new IllegalStateException("the bus let a malformed signal through: " + signal, e);
    }
  }
}
