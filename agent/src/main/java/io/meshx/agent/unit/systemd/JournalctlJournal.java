// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.Journal;
import java.util.List;

/**
 * The journal through journalctl.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/journalctl.html">journalctl(1)</a>
 */
public final class JournalctlJournal implements Journal {
  private final Commands commands;

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
    return commands
        .run(
            "journalctl",
            "--quiet",
            "--no-pager",
            "--output=cat",
            "--boot",
            "--lines=" + lines,
            // Only what the unit itself printed, not what systemd says about it.
            "_SYSTEMD_UNIT=" + unit)
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }
}
