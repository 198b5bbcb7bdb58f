// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import java.nio.file.Path;
import java.util.List;

/**
 * What a program that the agent runs for the mesh, and did not write, may do on the host: use the
 * network, and write where it is told to. A system call that is not among those of ordinary
 * services fails with EPERM and does not end the program.
 *
 * @see <a
 *     href="https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Sandboxing">
 *     systemd.exec(5), Sandboxing</a>
 */
public final class Sandbox {
  private static final int EPERM = 1;

  /**
   * CLONE_NEWUTS (linux/sched.h), which nobody can use without a capability. It stands for none:
   * systemd 252 and 257 write none as an empty value, and take that for all after a daemon-reload.
   */
  private static final Property NAMESPACES = new Property.Unsigned(0x0400_0000);

  private static final Property YES = new Property.Flag(true);
  private static final Property NOTHING = new Property.Unsigned(0);

  private static final List<String> KERNEL =
      List.of(
          "ProtectClock",
          "ProtectControlGroups",
          "ProtectHostname",
          "ProtectKernelLogs",
          "ProtectKernelModules",
          "ProtectKernelTunables");

  private Sandbox() {}

  /**
   * Of a program with a user of its own. The files of the host are read-only, home directories and
   * devices out of its reach.
   *
   * @param writable the only directories in which it writes; a missing one is left out
   */
  static void program(UnitSpec.Builder unit, List<Path> writable) {
    calls(unit);
    unit.set("ProtectSystem", new Property.Text("strict"))
        .set("ProtectHome", new Property.Text("yes"))
        .set("ProtectProc", new Property.Text("invisible"))
        .set("PrivateDevices", YES)
        .set("MemoryDenyWriteExecute", YES)
        // What it makes is its own, but for what it says otherwise of.
        .set("UMask", new Property.Unsigned32(0077))
        // Its memory holds private keys.
        .set("LimitCORE", NOTHING);
    KERNEL.forEach(property -> unit.set(property, YES));
    if (!writable.isEmpty()) {
      unit.set(
          "ReadWritePaths",
          new Property.Strings(writable.stream().map(directory -> "-" + directory).toList()));
    }
  }

  /**
   * Only what the kernel is asked by system calls, without a mount namespace: for a short program
   * whose end a join waits for.
   */
  static void calls(UnitSpec.Builder unit) {
    unit.set("NoNewPrivileges", YES)
        .set("CapabilityBoundingSet", NOTHING)
        .set("LockPersonality", YES)
        .set("RestrictNamespaces", NAMESPACES)
        .set("RestrictRealtime", YES)
        .set("RestrictSUIDSGID", YES)
        .set(
            "RestrictAddressFamilies",
            new Property.AllowList(List.of("AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX")))
        .set("SystemCallArchitectures", new Property.Strings(List.of("native")))
        .set("SystemCallFilter", new Property.AllowList(List.of("@system-service")))
        .set("SystemCallErrorNumber", new Property.Signed32(EPERM));
  }
}
