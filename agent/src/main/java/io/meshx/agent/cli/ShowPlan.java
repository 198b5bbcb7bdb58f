// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.plan.Plan;
import io.meshx.agent.status.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Prints the plan: the running daemon's, or what a daemon would begin with. */
@Command(
    name = "plan",
    description = "Shows the changes that would be made now, and what the others wait for.",
    mixinStandardHelpOptions = true)
public final class ShowPlan implements Callable<Integer> {
  @Option(
      names = "--config",
      paramLabel = "DIR",
      description = "Plan for this configuration without asking the daemon.")
  private Path config = Directories.CONFIG;

  /** For picocli. */
  public ShowPlan() {}

  @Override
  public Integer call() {
    if (config.equals(Directories.CONFIG) && Files.exists(Directories.CONTROL)) {
      return Status.ask("plan");
    }
    AgentConfig read;
    try {
      read = Wiring.configReader().read(config);
    } catch (ConfigException e) {
      return Say.why(ExitStatus.CONFIG, String.valueOf(e.getMessage()));
    }
    Plan plan = Wiring.survey(read);
    System.out.print(plan.text());
    return (plan.complete() ? ExitStatus.OK : ExitStatus.NOT_READY).code();
  }
}
