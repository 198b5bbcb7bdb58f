// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.bus;

import io.meshx.agent.model.HostException.BusCallFailed;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.Error;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.messages.MethodCall;
import org.jspecify.annotations.Nullable;

/** A call that was sent. */
public final class PendingAnswer {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private static final Duration LOSS_CHECK = Duration.ofMillis(50);

  private final BusCall call;
  private final MethodCall message;
  private final BooleanSupplier lost;

  /**
   * Waits for a call that was sent.
   *
   * @param lost whether the connection that it was sent on is gone
   */
  PendingAnswer(BusCall call, MethodCall message, BooleanSupplier lost) {
    this.call = call;
    this.message = message;
    this.lost = lost;
  }

  /**
   * Waits for the answer, at most 10 seconds.
   *
   * @return the answer's arguments, in the forms that {@link BusCall} names
   * @throws BusCallFailed if there is no answer in time, the connection is lost, or an error came
   *     back, whose name it has then
   */
  public List<Object> await() throws BusCallFailed {
    Message reply = reply();
    try {
      @Nullable Object @Nullable [] parameters = reply.getParameters();
      List<Object> values = parameters == null ? List.of() : List.copyOf(Arrays.asList(parameters));
      if (reply instanceof Error error) {
        // An error that dbus-java made up itself has no sender and a Java class as its name.
        String name = error.getSource() == null ? "" : error.getName();
        throw failure(
            name, values.isEmpty() ? "no reason given" : values.getFirst().toString(), null);
      }
      return values;
    } catch (DBusException e) {
      throw failure("", "the answer could not be read: " + e.getMessage(), e);
    }
  }

  private Message reply() throws BusCallFailed {
    long deadline = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (System.nanoTime() < deadline) {
      // dbus-java answers what is under way when a connection is lost, but forgets what it had
      // taken
      // and not yet written.
      boolean last = lost.getAsBoolean();
      @Nullable Message reply = message.getReply(LOSS_CHECK.toMillis());
      if (reply != null) {
        return reply;
      }
      if (last) {
        throw failure("", "the connection to the bus was lost", null);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw failure("", "interrupted while waiting for the answer", null);
      }
    }
    throw failure("", "no answer within " + LONGEST_WAIT.toSeconds() + " s", null);
  }

  private BusCallFailed failure(String errorName, String text, @Nullable Throwable cause) {
    return new BusCallFailed(call.toString(), errorName, text, cause);
  }
}
