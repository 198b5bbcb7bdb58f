// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.testing.ManPage;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes the manual page of the command from its definition. */
final class CommandPage {
  private final ManPage page = new ManPage("meshx", 8, "makes processes members of a Linkerd mesh");

  private CommandPage() {}

  /** The verbs that people use, in the order in which help lists them. */
  static List<CommandSpec> verbs(CommandSpec command) {
    return command.subcommands().values().stream()
        .map(CommandLine::getCommandSpec)
        .filter(verb -> !verb.usageMessage().hidden())
        // picocli's own, which is --help by another name.
        .filter(verb -> !(verb.userObject() instanceof CommandLine.HelpCommand))
        .toList();
  }

  /** The options that people use. */
  static List<OptionSpec> options(CommandSpec command) {
    return command.options().stream().filter(option -> !option.hidden()).toList();
  }

  static String of(CommandSpec meshx) {
    CommandPage writer = new CommandPage();
    writer.write(meshx);
    return writer.page.toString();
  }

  private void write(CommandSpec meshx) {
    page.heading("SYNOPSIS").paragraph("meshx VERB [OPTION]...");
    page.heading("DESCRIPTION").paragraph(String.join(" ", meshx.usageMessage().description()));
    page.paragraph(
        "The agent itself is meshx-agent.service, see meshx-agent(8). Its status may be asked for by"
            + " root and by members of the group meshx; all that changes something is for root.");
    page.heading("VERBS");
    verbs(meshx).forEach(this::verb);
    page.heading("EXIT STATUS");
    for (Map.Entry<String, String> status : meshx.usageMessage().exitCodeList().entrySet()) {
      page.term(status.getKey()).line(status.getValue());
    }
    page.heading("FILES");
    page.term("/etc/meshx-agent/agent.toml, conf.d/*.toml").line("The host; agent.toml(5).");
    page.term("/etc/meshx-agent/workloads/NAME.toml").line("A workload; workload.toml(5).");
    page.term("/run/meshx-agent").line("Sockets and environment files; gone after a reboot.");
    page.term("/var/lib/meshx-agent")
        .line("The SPIRE identity, chosen ports and what was enlisted.");
    page.heading("SEE ALSO").paragraph("meshx-agent(8), agent.toml(5), workload.toml(5)");
  }

  private void verb(CommandSpec verb) {
    Stream<String> parameters =
        verb.positionalParameters().stream().map(PositionalParamSpec::paramLabel);
    List<CommandSpec> below = verbs(verb);
    page.part(
        Stream.concat(
                Stream.of(verb.qualifiedName()), below.isEmpty() ? parameters : Stream.of("VERB"))
            .reduce((left, right) -> left + " " + right)
            .orElseThrow());
    for (String paragraph : verb.usageMessage().description()) {
      page.paragraph(paragraph);
    }
    for (OptionSpec option : options(verb)) {
      if (!option.usageHelp() && !option.versionHelp()) {
        page.term(
            String.join(", ", option.names())
                + (option.arity().max() > 0 ? " " + option.paramLabel() : ""));
        page.line(String.join(" ", option.description()));
      }
    }
    below.forEach(this::verb);
  }
}
