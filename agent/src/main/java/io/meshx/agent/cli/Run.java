// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.status.ExitStatus;
import io.meshx.agent.status.Snapshot;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/** The daemon, as systemd starts it. */
@Command(
    name = "run",
    description = "Runs the agent; systemd starts it as meshx-agent.service.",
    mixinStandardHelpOptions = true)
public final class Run implements Callable<Integer> {
  /** For picocli. */
  public Run() {}

  @Override
  public Integer call() {
    JournalFormat.install();
    Logger log = LoggerFactory.getLogger(Run.class);
    // An error of ours ends the process: systemd starts it again, and it adopts what runs.
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
      log.error("an error in this program ends it, on thread '{}'", thread.getName(), error);
      Runtime.getRuntime().halt(ExitStatus.FAILED.code());
    });
    CompletableFuture<Wiring> wiring = Wiring.opening();
    AgentConfig config;
    try {
      config = Wiring.configReader().read(Directories.CONFIG);
    } catch (ConfigException e) {
      return Say.why(ExitStatus.CONFIG, String.valueOf(e.getMessage()));
    }
    Build build = Build.own();
    log.info("meshx-agent {} ({}) starts", build.version(), build.revision());
    Snapshot.warnings(config).forEach(log::warn);
    return wiring.join().daemon(config).code();
  }
}
