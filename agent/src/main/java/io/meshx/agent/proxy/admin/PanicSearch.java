// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy.admin;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.proxy.ProxyEndpoint;
import io.meshx.agent.proxy.Readiness;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for panics in the journals of proxies. Reading a journal takes longer than all else that is
 * done for a proxy, so an answer is kept for a while, and a panic for good.
 */
final class PanicSearch {
  private static final Logger LOG = LoggerFactory.getLogger(PanicSearch.class);
  private static final Duration WHILE_READY = Duration.ofMinutes(1);
  private static final Duration WHILE_NOT_READY = Duration.ofSeconds(2);
  private static final String LINES = "1000";
  private static final int LONGEST_LINE = 300;

  private record Found(String invocation, Instant at, Optional<String> panic) {
    boolean holds(Instant now, Duration validity) {
      return panic.isPresent() || Duration.between(at, now).abs().compareTo(validity) < 0;
    }
  }

  private final Commands commands;
  private final InstantSource clock;
  private final Map<UnitName, Found> last = new ConcurrentHashMap<>();

  PanicSearch(Commands commands, InstantSource clock) {
    this.commands = commands;
    this.clock = clock;
  }

  /**
   * What the log says of the first panic since the unit was started: where, and why.
   *
   * @param ready whether everything else about the proxy is fine; then it is looked for less often
   * @throws HostException.CommandFailed if the journal cannot be read, and was not read before
   */
  Optional<String> find(ProxyEndpoint endpoint, boolean ready) throws HostException.CommandFailed {
    Optional<Found> known =
        Optional.ofNullable(last.get(endpoint.unit()))
            .filter(found -> found.invocation().equals(endpoint.invocation()));
    Duration validity = ready ? WHILE_READY : WHILE_NOT_READY;
    if (known.isPresent() && known.get().holds(clock.instant(), validity)) {
      return known.get().panic();
    }
    try {
      Optional<String> panic = search(endpoint);
      last.put(endpoint.unit(), new Found(endpoint.invocation(), clock.instant(), panic));
      return panic;
    } catch (HostException.CommandFailed e) {
      if (known.isEmpty()) {
        throw e;
      }
      LOG.debug("journal of '{}'; what it said before still counts", endpoint.unit(), e);
      return known.get().panic();
    }
  }

  private Optional<String> search(ProxyEndpoint endpoint) throws HostException.CommandFailed {
    List<String> lines = read(endpoint).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(Readiness.PANIC)) {
        // Rust says where on one line and why on the next.
        String why = i + 1 < lines.size() ? " " + lines.get(i + 1) : "";
        String both = lines.get(i) + why;
        return Optional.of(both.substring(0, Math.min(both.length(), LONGEST_LINE)));
      }
    }
    return Optional.empty();
  }

  private String read(ProxyEndpoint endpoint) throws HostException.CommandFailed {
    return commands.run(
        List.of(
            "journalctl",
            "-q",
            "-o",
            "cat",
            "--no-pager",
            "-n",
            LINES,
            "_SYSTEMD_INVOCATION_ID=" + endpoint.invocation()),
        "");
  }
}
