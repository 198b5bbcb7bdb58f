// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.status.ExitStatus;
import io.meshx.agent.status.Snapshot;
import java.nio.file.Path;
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
    try {
      Ready ready = begin(Directories.CONFIG);
      return ready.wiring().daemon(ready.config()).code();
    } catch (ConfigException e) {
      return Say.why(ExitStatus.CONFIG, String.valueOf(e.getMessage()));
    }
  }

  /**
   * What a daemon begins with.
   *
   * @param wiring the host, connected to
   * @param config what is wanted of it
   */
  record Ready(Wiring wiring, AgentConfig config) {}

  /**
   * Connects to the host and reads the configuration, and says so.
   *
   * @throws ConfigException if the configuration cannot be used
   */
  static Ready begin(Path configuration) throws ConfigException {
    CompletableFuture<Wiring> wiring = Wiring.opening();
    AgentConfig config = Wiring.configReader().read(configuration);
    Build build = Build.own();
    Logger log = LoggerFactory.getLogger(Run.class);
    log.info("meshx-agent {} ({}) starts", build.version(), build.revision());
    Snapshot.warnings(config).forEach(log::warn);
    return new Ready(wiring.join(), config);
  }
}
