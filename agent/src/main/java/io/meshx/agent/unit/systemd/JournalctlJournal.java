// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.Journal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The journal through journalctl.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/journalctl.html">journalctl(1)</a>
 */
public final class JournalctlJournal implements Journal {
  private static final String BOOT = "_BOOT_ID=";

  private final Commands commands;
  private String boot = "";

  /**
   * Makes the adapter.
   *
   * @param commands runs journalctl
   */
  public JournalctlJournal(Commands commands) {
    this.commands = commands;
  }

  @Override
  public List<String> last(UnitName unit, int lines) throws HostException {
    return journalctl(
            lines,
            List.of(
                "--output=cat",
                boot(),
                // Only what the unit itself printed, not what systemd says about it.
                "_SYSTEMD_UNIT=" + unit))
        .filter(line -> !line.isBlank())
        .toList();
  }

  /**
   * Which lines are of this boot. Not --boot: that goes by the kernel's own ID of the boot, which
   * is another one in a container, and in the mount namespace of the agent's sandbox the
   * container's is not seen. Whatever was logged last was logged in this boot.
   */
  private synchronized String boot() throws HostException {
    if (boot.isEmpty()) {
      boot =
          journalctl(1, List.of("--output=export", "--output-fields=_BOOT_ID"))
              .filter(line -> line.startsWith(BOOT))
              .findFirst()
              .orElse("");
    }
    return boot.isEmpty() ? BOOT + "0".repeat(32) : boot;
  }

  private Stream<String> journalctl(int lines, List<String> question) throws HostException {
    List<String> argv =
        new ArrayList<>(List.of("journalctl", "--quiet", "--no-pager", "--lines=" + lines));
    argv.addAll(question);
    return commands.run(argv, "").lines();
  }
}
