// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Log lines as journald takes them from standard error: the priority in angle brackets, then the
 * message; the time is journald's own.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/sd-daemon.html">sd-daemon(3)</a>
 */
final class JournalFormat extends Formatter {
  private JournalFormat() {}

  /**
   * Makes this the only format of the process. MESHX_DEBUG=1 in its environment logs everything.
   */
  static void install() {
    LogManager.getLogManager().reset();
    Logger root = Logger.getLogger("");
    ConsoleHandler handler = new ConsoleHandler();
    handler.setFormatter(new JournalFormat());
    handler.setLevel(Level.ALL);
    root.addHandler(handler);
    root.setLevel(Level.INFO);
    // It warns about each Unix socket, for which its keep-alive option has no meaning.
    Logger.getLogger("io.netty.bootstrap").setLevel(Level.SEVERE);
    // It logs each loss of the bus as an error; whoever calls is told by an exception.
    Logger.getLogger("org.freedesktop.dbus").setLevel(Level.OFF);
    if ("1".equals(System.getenv("MESHX_DEBUG"))) {
      Logger.getLogger("io.meshx").setLevel(Level.ALL);
    }
  }

  /** Makes a command that ends log nothing but what went wrong. */
  static void quiet() {
    LogManager.getLogManager().reset();
  }

  @Override
  public String format(LogRecord line) {
    StringWriter text = new StringWriter();
    text.append('<').append(priority(line.getLevel())).append('>').append(formatMessage(line));
    if (line.getThrown() != null) {
      text.append('\n');
      line.getThrown().printStackTrace(new PrintWriter(text, true));
    }
    return text.toString().stripTrailing() + "\n";
  }

  private static String priority(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "3";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "4";
    }
    return level.intValue() >= Level.INFO.intValue() ? "6" : "7";
  }
}
