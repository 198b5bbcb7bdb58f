// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.nftables;

import io.meshx.agent.exec.Following;
import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.firewall.NftTable;
import io.meshx.agent.firewall.RuleWatch;
import io.meshx.agent.model.HostException.CommandFailed;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches by {@code nft monitor}, which prints every transaction of nf_tables as it happens: those
 * of nft, of firewalld and of the iptables that speak nf_tables. Changes through the older iptables
 * interface are not seen. Where there is no nft nothing is watched.
 *
 * @see <a href="https://www.netfilter.org/projects/nftables/manpage.html">nft(8), MONITOR</a>
 */
public final class NftMonitor implements RuleWatch {
  private static final Logger LOG = LoggerFactory.getLogger(NftMonitor.class);
  private static final List<String> MONITOR = List.of(NftTable.PROGRAM.toString(), "monitor");
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** The last line of each transaction; a line of a rule cannot begin like this. */
  private static final Pattern TRANSACTION =
      Pattern.compile("# new generation \\d+ by process (\\d+) \\((.*)\\)");

  private final Following commands;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** Watches nothing yet. */
  public NftMonitor(Following commands) {
    this.commands = commands;
  }

  @Override
  public void onChange(Consumer<Optional<Disturber>> listener) {
    if (Files.isExecutable(NftTable.PROGRAM)) {
      Thread.ofPlatform().daemon().name("nft-monitor").start(() -> watch(listener));
    }
  }

  private void watch(Consumer<Optional<Disturber>> listener) {
    try {
      do {
        try {
          commands.follow(
              MONITOR, closed, line -> disturber(line).map(Optional::of).ifPresent(listener));
        } catch (CommandFailed e) {
          LOG.warn("changes of rules are noticed later: {}", e.getMessage());
        }
        // Whatever happened while nobody watched was missed.
        listener.accept(Optional.empty());
      } while (!closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Who made the transaction that a line ends; empty for all other lines. */
  static Optional<Disturber> disturber(String line) {
    Matcher matcher = TRANSACTION.matcher(line);
    return matcher.matches()
        ? Optional.of(new Disturber(matcher.group(2), Integer.parseInt(matcher.group(1))))
        : Optional.empty();
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
