// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.status.ExitStatus;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Works on the configuration without the daemon. */
@Command(
    name = "config",
    description = "Checks the configuration.",
    mixinStandardHelpOptions = true,
    subcommands = Config.Validate.class)
public final class Config implements Runnable {
  @Spec private CommandSpec spec;

  /** For picocli. */
  public Config() {
    spec = CommandSpec.create();
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a verb is missing");
  }

  /** Reads everything and says every problem. */
  @Command(
      name = "validate",
      description = "Reads the configuration and says everything that is wrong with it.",
      mixinStandardHelpOptions = true)
  public static final class Validate implements Callable<Integer> {
    @Option(names = "--config", paramLabel = "DIR", description = "Directory with agent.toml.")
    private Path config = Directories.CONFIG;

    /** For picocli. */
    public Validate() {}

    @Override
    public Integer call() {
      try {
        AgentConfig read = Wiring.configReader().read(config);
        System.out.println(
            config
                + ": right; host "
                + read.host().name()
                + " with "
                + read.workloads().size()
                + " workloads "
                + read.workloads().keySet());
        return ExitStatus.OK.code();
      } catch (ConfigException e) {
        return Say.why(ExitStatus.CONFIG, String.valueOf(e.getMessage()));
      }
    }
  }
}
