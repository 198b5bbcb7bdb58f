// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.status.ExitStatus;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command itself: which verbs there are. */
@Command(
    name = "meshx",
    description = "Makes processes on this host members of a Linkerd mesh.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    exitCodeListHeading = "Exit status:%n",
    exitCodeList = {
      "0:all is as asked",
      "1:it was tried and failed",
      "2:the command line is wrong",
      "3:the agent does not run",
      "4:the agent runs, and something is not joined",
      "77:not allowed for this user",
      "78:the configuration is wrong; nothing was touched"
    },
    subcommands = {
      Join.class,
      Status.class,
      ShowPlan.class,
      ShowEntries.class,
      Confirm.class,
      Drain.class,
      Undrain.class,
      Down.class,
      Leave.class,
      Reap.class,
      Config.class,
      Rehearse.class,
      TakeBack.class,
      Wait.class,
      Version.class,
      Run.class,
      CommandLine.HelpCommand.class
    })
public final class Meshx implements Runnable {
  @Spec private CommandSpec spec;

  /** For picocli. */
  public Meshx() {
    spec = CommandSpec.create();
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a verb is missing");
  }

  /** What is wrong, last on the screen and alone. */
  private static int refused(ParameterException wrong, String... arguments) {
    return Say.why(
        ExitStatus.USAGE,
        wrong.getMessage()
            + "\nSee '"
            + wrong.getCommandLine().getCommandSpec().qualifiedName()
            + " --help'.");
  }

  /**
   * Runs the command.
   *
   * @param arguments verb and options
   * @return exit status
   */
  static int execute(List<String> arguments) {
    JournalFormat.quiet();
    return new CommandLine(new Meshx())
        .setExecutionStrategy(new CommandLine.RunLast())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Meshx::refused)
        .execute(arguments.toArray(String[]::new));
  }
}
