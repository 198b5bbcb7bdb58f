// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.nftables;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.firewall.RuleWatch;
import io.meshx.agent.firewall.RuleWatchContract;
import io.meshx.agent.model.HostException;
import io.meshx.agent.testing.NetworkNamespace;
import java.time.Duration;
import org.junit.jupiter.api.Tag;

/** Rules of a network namespace of the real kernel. */
@Tag("root")
final class NftMonitorTest extends RuleWatchContract {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final NetworkNamespace host;
  private final Commands commands;
  private final NftMonitor monitor;

  NftMonitorTest() throws HostException {
    host = NetworkNamespace.open();
    commands = host.commands();
    monitor = new NftMonitor(new HostCommands(TIMEOUT, host.prefix()));
  }

  @Override
  protected RuleWatch watch() {
    return monitor;
  }

  @Override
  protected void change() throws HostException {
    commands.run("nft", "add", "table", "inet", "changed");
    commands.run("nft", "delete", "table", "inet", "changed");
  }

  @Override
  protected String program() {
    return "nft";
  }

  @Override
  protected void end() throws HostException {
    host.close();
  }
}
