// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.bus;

import io.meshx.agent.model.HostException.BusCallFailed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.freedesktop.dbus.connections.IDisconnectCallback;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.exceptions.DBusExecutionException;
import org.freedesktop.dbus.messages.MethodCall;
import org.freedesktop.dbus.messages.constants.Flags;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a message bus that comes back by itself when the bus goes away. Calls while there
 * is no connection fail at once. All methods may be called from any thread.
 *
 * <p>Calls are made on the wire level of dbus-java: its proxies hide the error names, and its proxy
 * of each remote object is kept as long as the connection.
 */
public final class SystemBus implements AutoCloseable {
  /** The system bus of this host. */
  public static final String HOST_ADDRESS = "unix:path=/run/dbus/system_bus_socket";

  private static final Logger LOG = LoggerFactory.getLogger(SystemBus.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final String address;
  private final List<FollowedService> services = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Object connecting = new Object();
  private volatile @Nullable DBusConnection connection;
  private volatile String lastFailure = "no attempt yet";

  private SystemBus(String address) {
    this.address = address;
  }

  /**
   * Opens a connection. If the bus does not answer, calls fail until it does.
   *
   * @param address a D-Bus server address such as {@link #HOST_ADDRESS}
   */
  public static SystemBus open(String address) {
    SystemBus bus = new SystemBus(address);
    CountDownLatch firstLoss = bus.connect();
    Thread.ofVirtual().name("bus-connection").start(() -> bus.keepConnected(firstLoss));
    return bus;
  }

  /**
   * Makes a call and waits for the answer, at most 10 seconds.
   *
   * @return the answer's arguments, in the forms that {@link BusCall} names
   * @throws BusCallFailed if there is no connection, no answer in time, or an error came back,
   *     whose name it has then
   */
  public List<Object> call(BusCall call) throws BusCallFailed {
    return send(call).await();
  }

  /**
   * Makes a call and does not wait, so that several are under way at once.
   *
   * @throws BusCallFailed if there is no connection
   */
  public PendingAnswer send(BusCall call) throws BusCallFailed {
    DBusConnection current = connection;
    if (current == null) {
      throw new BusCallFailed(
          call.toString(),
          "",
          "no connection to the bus at '" + address + "': " + lastFailure,
          null);
    }
    try {
      MethodCall message =
          current
              .getMessageFactory()
              .createMethodCall(
                  null,
                  call.service(),
                  call.path(),
                  call.contract(),
                  call.member(),
                  Flags.NO_AUTO_START,
                  call.signature().isEmpty() ? null : call.signature(),
                  call.arguments().toArray());
      current.sendMessage(message);
      return new PendingAnswer(call, message, () -> connection != current);
    } catch (DBusException | DBusExecutionException | RejectedExecutionException e) {
      throw new BusCallFailed(call.toString(), "", "it could not be sent: " + e.getMessage(), e);
    }
  }

  /**
   * Follows a service for as long as this bus is open.
   *
   * @param service well-known name of the service
   * @param matches which of its signals are wanted
   * @param onSignal takes them; must return soon and must not call the bus
   * @param onMove is run on a thread of its own, now and whenever the service may have another
   *     provider than before, or none: signals may have been missed
   */
  public void follow(
      String service, List<SignalMatch> matches, Consumer<BusSignal> onSignal, Runnable onMove) {
    FollowedService followed = new FollowedService(service, matches, onSignal, onMove);
    synchronized (connecting) {
      services.add(followed);
      DBusConnection current = connection;
      if (current != null) {
        try {
          followed.install(current);
        } catch (DBusException | DBusExecutionException e) {
          // A connection that takes no match is of no use; the next one gets all of them.
          LOG.debug("Giving up the connection to the bus at '{}'", address, e);
          current.disconnect();
          return;
        }
      }
    }
    followed.moved();
  }

  @Override
  public void close() {
    closed.countDown();
    synchronized (connecting) {
      DBusConnection current = connection;
      connection = null;
      lastFailure = "closed";
      if (current != null) {
        current.disconnect();
      }
    }
  }

  private void keepConnected(CountDownLatch firstLoss) {
    try {
      CountDownLatch lost = firstLoss;
      Duration pause = FIRST_PAUSE;
      while (closed.getCount() > 0) {
        if (connection == null) {
          if (closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
            return;
          }
          pause = longer(pause);
          lost = connect();
        } else {
          lost.await();
          pause = FIRST_PAUSE;
          forget();
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("The connection to the bus at '{}' is no longer kept", address, e);
      Thread.currentThread().interrupt();
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  private void forget() {
    synchronized (connecting) {
      connection = null;
      if (closed.getCount() > 0) {
        lastFailure = "the bus closed it";
      }
    }
  }

  /** Gives what is counted down when the connection is lost. */
  private CountDownLatch connect() {
    CountDownLatch lost = new CountDownLatch(1);
    synchronized (connecting) {
      if (closed.getCount() > 0) {
        connect(lost);
      }
    }
    return lost;
  }

  private void connect(CountDownLatch lost) {
    DBusConnection fresh = null;
    try {
      fresh =
          DBusConnectionBuilder.forAddress(address)
              .withShared(false)
              .withDisconnectCallback(new Loss(lost))
              .transportConfig()
              // Milliseconds; dbus-java tries once for each 500, and sleeps between.
              .withTimeout(500)
              .back()
              .build();
      for (FollowedService service : services) {
        service.install(fresh);
      }
      connection = fresh;
      services.forEach(FollowedService::moved);
    } catch (DBusException | DBusExecutionException | NullPointerException e) {
      // The last is what dbus-java 5.2 throws when a bus is there and lets nobody in yet.
      LOG.debug("No connection to the bus at '{}'", address, e);
      lastFailure = String.valueOf(e.getMessage());
      if (fresh != null) {
        fresh.disconnect();
      }
    }
  }

  private record Loss(CountDownLatch lost) implements IDisconnectCallback {
    @Override
    public void clientDisconnect() {
      lost.countDown();
    }

    @Override
    public void disconnectOnError(java.io.IOException e) {
      lost.countDown();
    }

    @Override
    public void requestedDisconnect(@Nullable Integer id) {
      lost.countDown();
    }

    @Override
    public void exceptionOnTerminate(java.io.IOException e) {
      lost.countDown();
    }
  }
}
