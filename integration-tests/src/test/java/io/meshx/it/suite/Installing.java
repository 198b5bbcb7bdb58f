// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Host;
import java.time.Duration;

/** An installation in a unit of its own, which somebody interrupts. */
final class Installing {
  /** The cache of classes, which goes before anything else is changed and comes when all is. */
  static final String CLASSES = "/usr/lib/meshx-agent/classes.aot";

  /** Succeeds while there is no cache. */
  static final String CACHE_IS_GONE = "[ ! -e " + CLASSES + " ]";

  /** Succeeds while it is made; does not find itself, although the words are in it too. */
  static final String CACHE_IS_MADE = "pgrep -f [r]ehearsal.args";

  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final String UNIT = "installing.service";

  private Installing() {}

  /**
   * Begins one and waits for a moment of it.
   *
   * @param command what installs
   * @param seen a command that succeeds when the moment is there
   */
  static void begin(Host host, String command, String seen) {
    // In one shell there, and with the installation behind all else, since some moments are short.
    Result result =
        host.exec(
            LONGEST,
            "bash",
            "-c",
            """
            systemd-run --quiet --collect --nice=19 --unit=%1$s %2$s || exit 2
            pid=$(systemctl show -p MainPID --value %1$s)
            until %3$s >/dev/null 2>&1; do kill -0 $pid || exit 1; done
            """
                .formatted(UNIT, command, seen));
    assertEquals(0, result.exit(), () -> "'" + command + "' was over before '" + seen + "'");
  }

  /** Ends it with all that it has started. */
  static void kill(Host host) {
    host.exec("systemctl", "kill", "--signal=KILL", UNIT).ok();
    Await.until(
        "the end of the installation",
        LONGEST,
        () -> !host.exec("systemctl", "is-active", "--quiet", UNIT).succeeded());
  }
}
