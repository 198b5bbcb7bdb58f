// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.bus;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.interfaces.DBus;
import org.freedesktop.dbus.matchrules.DBusMatchRule;
import org.freedesktop.dbus.matchrules.DBusMatchRuleBuilder;
import org.freedesktop.dbus.messages.DBusSignal;

/**
 * A service whose signals are wanted, whoever provides it at the time.
 *
 * <p>Any user of the host can send a signal with systemd's path and interface; only the service's
 * present owner is listened to. The match cannot say so: the bus takes a well-known name as sender,
 * and then dbus-java 5.2 drops all that come, for it compares with the owner's unique name.
 */
final class FollowedService {
  private static final String NOBODY = "";

  private final String service;
  private final List<SignalMatch> matches;
  private final Consumer<BusSignal> onSignal;
  private final Runnable onMove;

  FollowedService(
      String service, List<SignalMatch> matches, Consumer<BusSignal> onSignal, Runnable onMove) {
    this.service = service;
    this.matches = List.copyOf(matches);
    this.onSignal = onSignal;
    this.onMove = onMove;
  }

  /** Sets up the matches on a new connection. */
  void install(DBusConnection connection) throws DBusException {
    AtomicReference<String> owner = new AtomicReference<>(NOBODY);
    add(connection, ownerChanges(), signal -> ownerChanged(new BusSignal(signal), owner));
    for (SignalMatch match : matches) {
      add(
          connection,
          match.rule(),
          signal -> {
            if (signal.getSource().equals(owner.get())) {
              onSignal.accept(new BusSignal(signal));
            }
          });
    }
    // An owner change that came in meanwhile is newer than this answer.
    DBus bus =
        connection.getRemoteObject("org.freedesktop.DBus", "/org/freedesktop/DBus", DBus.class);
    if (bus.NameHasOwner(service)) {
      owner.compareAndSet(NOBODY, bus.GetNameOwner(service));
    }
  }

  /** Says that the provider may be another one; returns at once. */
  void moved() {
    Thread.ofVirtual().name("bus-moved-" + service).start(onMove);
  }

  private void ownerChanged(BusSignal change, AtomicReference<String> owner) {
    owner.set(change.arguments().get(2).toString());
    moved();
  }

  private DBusMatchRule ownerChanges() {
    return DBusMatchRuleBuilder.create()
        .withType("signal")
        .withSender("org.freedesktop.DBus")
        .withInterface("org.freedesktop.DBus")
        .withMember("NameOwnerChanged")
        .withArg0123(0, service)
        .build();
  }

  private static void add(
      DBusConnection connection, DBusMatchRule rule, Consumer<DBusSignal> handler)
      throws DBusException {
    // It goes with the connection, so nobody keeps what this returns.
    AutoCloseable _ = connection.addGenericSigHandler(rule, handler::accept);
  }
}
