// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.bus;

import org.freedesktop.dbus.matchrules.DBusMatchRule;
import org.freedesktop.dbus.matchrules.DBusMatchRuleBuilder;

/** Which signals of a service are wanted. */
public sealed interface SignalMatch {
  /**
   * All signals of one interface of one object.
   *
   * @param path the object
   * @param contract the D-Bus interface
   */
  record Interface(String path, String contract) implements SignalMatch {}

  /**
   * Changed properties of an object and of all objects below it.
   *
   * @param namespace path of the upper object
   */
  record Properties(String namespace) implements SignalMatch {}

  /** The rule without a sender, which {@link FollowedService} checks. */
  default DBusMatchRule rule() {
    DBusMatchRuleBuilder builder = DBusMatchRuleBuilder.create().withType("signal");
    return switch (this) {
      case Interface(String path, String contract) ->
          builder.withPath(path).withInterface(contract).build();
      case Properties(String namespace) ->
          builder
              .withPathNamespace(namespace)
              .withInterface("org.freedesktop.DBus.Properties")
              .withMember("PropertiesChanged")
              .build();
    };
  }
}
