// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.systemd.UnitReader.Kind;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.types.UInt32;
import org.junit.jupiter.api.Test;

final class UnitReaderTest {
  @Test
  void statesOfSystemdAreWhatAUnitIsDoing() {
    assertEquals(Kind.STARTING, kind("activating", "start-pre", ""));
    assertEquals(Kind.STARTING, kind("activating", "start", "start"));
    assertEquals(Kind.RESTARTING, kind("activating", "auto-restart", ""));
    assertEquals(Kind.RESTARTING, kind("activating", "auto-restart-queued", "restart"));
    assertEquals(Kind.RUNNING, kind("active", "running", ""));
    assertEquals(Kind.RUNNING, kind("reloading", "reload", "reload"));
    assertEquals(Kind.RUNNING, kind("refreshing", "refresh-extensions", ""));
    assertEquals(Kind.EXITED, kind("active", "exited", ""));
    assertEquals(Kind.STOPPING, kind("deactivating", "stop-sigterm", "stop"));
    assertEquals(Kind.FAILED, kind("failed", "failed", ""));
    assertEquals(Kind.INACTIVE, kind("inactive", "dead", ""));
  }

  @Test
  void queuedJobIsWhatAUnitIsAboutToDo() {
    assertEquals(Kind.STARTING, kind("inactive", "dead", "start"));
    assertEquals(Kind.STARTING, kind("failed", "failed", "start"));
    assertEquals(Kind.STOPPING, kind("active", "running", "stop"));
    assertEquals(Kind.STOPPING, kind("active", "exited", "restart"));
  }

  @Test
  void lineOfTheListIsRead() {
    ListedUnit unit = ListedUnit.read(line("loaded"));

    assertEquals(
        new ListedUnit(
            new UnitName("meshx-a.service"), "loaded", "active", "running", "/u/a", "stop"),
        unit);
    assertFalse(unit.isStub());
    assertTrue(ListedUnit.read(line("not-found")).isStub());
  }

  private static Object[] line(String loadState) {
    return new Object[] {
      "meshx-a.service",
      "a unit",
      loadState,
      "active",
      "running",
      "",
      new DBusPath("/u/a"),
      new UInt32(7),
      "stop",
      new DBusPath("/j/7")
    };
  }

  private static Kind kind(String active, String sub, String job) {
    return UnitReader.kind(
        new ListedUnit(new UnitName("meshx-a.service"), "loaded", active, sub, "/u/a", job));
  }
}
