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
      Run.class,
      Status.class,
      ShowPlan.class,
      Down.class,
      Config.class,
      Rehearse.class,
      Version.class,
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

  /**
   * Runs the command.
   *
   * @param arguments verb and options
   * @return exit status
   */
  public static int execute(String... arguments) {
    // Loading picocli takes longer than answering these; a join and a status must be quick.
    return switch (List.of(arguments)) {
      case List<String> verb when verb.equals(List.of("run")) -> new Run().call();
      case List<String> verb when verb.equals(List.of("status")) -> new Status().call();
      case List<String> verb when verb.equals(List.of("status", "--json")) ->
          Status.inJson().call();
      case List<String> verb when verb.equals(List.of("rehearse")) -> new Rehearse().call();
      default -> {
        JournalFormat.quiet();
        yield new CommandLine(new Meshx())
            .setExecutionStrategy(new CommandLine.RunLast())
            .execute(arguments);
      }
    };
  }

  static int say(ExitStatus status, String message) {
    System.err.println(message);
    return status.code();
  }
}
