// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.Fingerprint;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads of one unit that are under way: only what its state asks for, all sent at once. GetAll
 * would be one answer instead of four, with 300 properties, and takes twice as long.
 */
final class UnitReader {
  private static final Logger LOG = LoggerFactory.getLogger(UnitReader.class);

  private final ListedUnit unit;
  private final PropertyReads reads;

  enum Kind {
    STARTING,
    RUNNING,
    EXITED,
    STOPPING,
    RESTARTING,
    FAILED,
    INACTIVE
  }

  private final Kind kind;

  private UnitReader(SystemBus bus, ListedUnit unit) {
    this.unit = unit;
    this.reads = new PropertyReads(bus, unit.name(), unit.path());
    this.kind = kind(unit);
  }

  /** Sends the reads. */
  static UnitReader start(SystemBus bus, ListedUnit unit) throws BusCallFailed {
    UnitReader reader = new UnitReader(bus, unit);
    reader.reads.send(Systemd.SERVICE_UNIT, "LogExtraFields");
    switch (reader.kind) {
      case RUNNING -> {
        reader.reads.send(Systemd.SERVICE_UNIT, "MainPID");
        reader.reads.send(Systemd.UNIT, "InvocationID");
      }
      case RESTARTING, FAILED -> {
        reader.reads.send(Systemd.SERVICE_UNIT, "NRestarts");
        reader.reads.send(Systemd.SERVICE_UNIT, "Result");
        reader.reads.send(Systemd.SERVICE_UNIT, "ExecMainStatus");
      }
      case EXITED -> reader.reads.send(Systemd.SERVICE_UNIT, "ExecMainStatus");
      case STARTING, STOPPING, INACTIVE -> {}
    }
    // Last, since it says whether the others were read from a unit that was still there: a read of
    // one that is gone loads an empty unit of that name and gives its defaults.
    reader.reads.send(Systemd.UNIT, "LoadState");
    return reader;
  }

  /** The unit's state; empty if it has been unloaded since it was listed. */
  Optional<UnitState> finish() throws BusCallFailed {
    List<?> fields = (List<?>) reads.value("LogExtraFields");
    Activity activity = activity();
    return reads.value("LoadState").equals("not-found")
        ? Optional.empty()
        : Optional.of(new UnitState(unit.name(), fingerprint(fields), activity));
  }

  private Activity activity() throws BusCallFailed {
    return switch (kind) {
      case STARTING -> new Activity.Starting();
      case RUNNING -> {
        int pid = number("MainPID");
        // The main process has ended, and systemd is about to say so.
        yield pid == 0
            ? new Activity.Stopping()
            : new Activity.Running(
                pid, HexFormat.of().formatHex(bytes(reads.value("InvocationID"))));
      }
      case EXITED -> new Activity.Exited(number("ExecMainStatus"));
      case STOPPING -> new Activity.Stopping();
      case RESTARTING ->
          new Activity.Restarting(
              number("NRestarts"), reads.value("Result").toString(), number("ExecMainStatus"));
      case FAILED ->
          new Activity.Failed(reads.value("Result").toString(), number("ExecMainStatus"));
      case INACTIVE -> new Activity.Inactive();
    };
  }

  static Kind kind(ListedUnit unit) {
    boolean startQueued = unit.job().equals("start");
    boolean stopQueued = unit.job().equals("stop") || unit.job().equals("restart");
    return switch (unit.activeState()) {
      case "activating" ->
          unit.subState().startsWith("auto-restart") ? Kind.RESTARTING : Kind.STARTING;
      case "deactivating" -> Kind.STOPPING;
      case "failed" -> startQueued ? Kind.STARTING : Kind.FAILED;
      case "inactive" -> startQueued ? Kind.STARTING : Kind.INACTIVE;
      // active, reloading, and since systemd 257 refreshing: the program runs, or ran and has ended
      default -> {
        if (stopQueued) {
          yield Kind.STOPPING;
        }
        yield unit.subState().equals("exited") ? Kind.EXITED : Kind.RUNNING;
      }
    };
  }

  private static Optional<Fingerprint> fingerprint(List<?> fields) {
    String prefix = UnitSpec.FINGERPRINT_FIELD + "=";
    return fields.stream()
        .map(field -> new String(bytes(field), StandardCharsets.UTF_8))
        .filter(field -> field.startsWith(prefix))
        .findFirst()
        .flatMap(field -> parsed(field.substring(prefix.length())));
  }

  private static Optional<Fingerprint> parsed(String text) {
    try {
      return Optional.of(Fingerprint.parse(text));
    } catch (IllegalArgumentException e) {
      LOG.debug("A unit has the fingerprint of nobody we know", e);
      return Optional.empty();
    }
  }

  private static byte[] bytes(Object list) {
    List<?> elements = (List<?>) list;
    byte[] bytes = new byte[elements.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (Byte) elements.get(i);
    }
    return bytes;
  }

  private int number(String property) throws BusCallFailed {
    return ((Number) reads.value(property)).intValue();
  }
}
