// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.bus.BusCall;
import io.meshx.agent.bus.PendingAnswer;
import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.UnitName;
import java.util.LinkedHashMap;
import java.util.Map;
import org.freedesktop.dbus.types.Variant;

/**
 * Reads of single properties of one unit that are under way, all sent before the first is awaited.
 */
final class PropertyReads {
  private final SystemBus bus;
  private final UnitName name;
  private final String path;
  private final Map<String, PendingAnswer> answers = new LinkedHashMap<>();

  /** Of the unit with this object. */
  PropertyReads(SystemBus bus, UnitName name, String path) {
    this.bus = bus;
    this.name = name;
    this.path = path;
  }

  void send(String contract, String... properties) throws BusCallFailed {
    for (String property : properties) {
      answers.put(
          property,
          bus.send(
              BusCall.get(Systemd.SERVICE, path, contract, property)
                  .about(property + " of " + name)));
    }
  }

  /** Waits for a property that was sent for. */
  Object value(String property) throws BusCallFailed {
    PendingAnswer answer = answers.get(property);
    if (answer == null) {
      throw new IllegalStateException("'" + property + "' of " + name + " was not asked for");
    }
    return ((Variant<?>) answer.await().getFirst()).getValue();
  }
}
