// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.testing.Look;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.freedesktop.dbus.bin.EmbeddedDBusDaemon;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against dbus-java's own bus, on a socket of the test. */
final class SystemBusTest {
  private static final String SERVICE = "io.meshx.Service";
  private static final String OBJECT = "/io/meshx/Service";
  private static final BusCall LIST_NAMES =
      new BusCall(
          "org.freedesktop.DBus",
          "/org/freedesktop/DBus",
          "org.freedesktop.DBus",
          "ListNames",
          "",
          List.of(),
          "");

  @TempDir Path directory;

  @Test
  void errorHasTheNameThatCameFromTheBus() throws Exception {
    try (EmbeddedDBusDaemon _ = daemon();
        SystemBus bus = SystemBus.open(address())) {
      BusCallFailed failure =
          assertThrows(
              BusCallFailed.class, () -> bus.call(BusCall.get(SERVICE, OBJECT, SERVICE, "Any")));

      assertEquals("org.freedesktop.DBus.Error.ServiceUnknown", failure.errorName());
    }
  }

  @Test
  void callsFailWhileThereIsNoBusAndSucceedWhenThereIsOne() throws Exception {
    try (SystemBus bus = SystemBus.open(address())) {
      BusCallFailed failure = assertThrows(BusCallFailed.class, () -> bus.call(LIST_NAMES));
      assertEquals("", failure.errorName());

      Look look = new Look();
      bus.follow(SERVICE, List.of(), _ -> {}, look::again);
      try (EmbeddedDBusDaemon _ = daemon()) {
        look.until(() -> bus.call(LIST_NAMES), answer -> !answer.isEmpty());
      }
    }
  }

  @Test
  void signalsAreTakenFromTheOwnerOfTheServiceOnly() throws Exception {
    try (EmbeddedDBusDaemon _ = daemon();
        SystemBus bus = SystemBus.open(address());
        DBusConnection stranger = connection();
        DBusConnection owner = connection()) {
      owner.requestBusName(SERVICE);
      LinkedBlockingQueue<Object> taken = new LinkedBlockingQueue<>();
      bus.follow(
          SERVICE,
          List.of(new SignalMatch.Interface(OBJECT, SERVICE)),
          signal -> taken.add(signal.arguments().getFirst()),
          () -> {});

      send(stranger, "from a stranger");
      send(owner, "from the owner");

      assertEquals("from the owner", taken.poll(20, TimeUnit.SECONDS));
      assertTrue(taken.isEmpty());
    }
  }

  @Test
  void ownerThatCameLaterIsListenedTo() throws Exception {
    try (EmbeddedDBusDaemon _ = daemon();
        SystemBus bus = SystemBus.open(address());
        DBusConnection first = connection();
        DBusConnection second = connection()) {
      first.requestBusName(SERVICE);
      LinkedBlockingQueue<Object> taken = new LinkedBlockingQueue<>();
      bus.follow(
          SERVICE,
          List.of(new SignalMatch.Interface(OBJECT, SERVICE)),
          signal -> taken.add(signal.arguments().getFirst()),
          () -> {});

      first.releaseBusName(SERVICE);
      second.requestBusName(SERVICE);
      send(first, "from the former owner");
      send(second, "from the owner");

      assertEquals("from the owner", taken.poll(20, TimeUnit.SECONDS));
      assertTrue(taken.isEmpty());
    }
  }

  private void send(DBusConnection from, String text) throws DBusException {
    from.sendMessage(
        from.getMessageFactory()
            .createSignal(from.getUniqueName(), OBJECT, SERVICE, "Said", "s", text));
    // The answer to a call shows that the bus has passed the signal on.
    from.getDBusOwnerName(SERVICE);
  }

  /** Says that it runs before it listens, so it is waited for until somebody was let in. */
  private EmbeddedDBusDaemon daemon() throws DBusException {
    EmbeddedDBusDaemon daemon = new EmbeddedDBusDaemon(address() + ",listen=true");
    daemon.startInBackgroundAndWait();
    Look look = new Look();
    try (SystemBus first = SystemBus.open(address())) {
      first.follow(SERVICE, List.of(), _ -> {}, look::again);
      look.until(() -> first.call(LIST_NAMES), answer -> !answer.isEmpty());
      return daemon;
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while the bus starts", e);
    }
  }

  private DBusConnection connection() throws DBusException {
    return DBusConnectionBuilder.forAddress(address()).withShared(false).build();
  }

  private String address() {
    return "unix:path=" + directory.resolve("bus");
  }
}
