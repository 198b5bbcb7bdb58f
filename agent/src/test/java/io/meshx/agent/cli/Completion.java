// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Writes what the shells complete from the command's definition. */
final class Completion {
  private final StringBuilder text = new StringBuilder();

  private Completion() {}

  /**
   * For bash.
   *
   * @see <a href="https://github.com/scop/bash-completion/blob/main/doc/api-and-naming.md">
   *     bash-completion, API and naming</a>
   */
  static String bash(CommandSpec meshx) {
    Completion script = new Completion();
    script.line("# SPDX-License-Identifier: Apache-2.0");
    script.line("_meshx()");
    script.line("{");
    script.line(
        "    local current=${COMP_WORDS[COMP_CWORD]-} before=${COMP_WORDS[COMP_CWORD - 1]-}");
    script.line("    local words=()");
    script.line("    COMPREPLY=()");
    script.line("    case $before in");
    for (boolean directory : new boolean[] {false, true}) {
      List<String> names = namesWithPath(meshx, directory);
      if (!names.isEmpty()) {
        script.line("        " + String.join("|", names) + ")");
        script.line(
            "            compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -"
                + (directory ? "d" : "f")
                + " -- \"$current\")");
        script.line("            return ;;");
      }
    }
    script.line("    esac");
    script.line("    case \"${COMP_WORDS[1]-} ${COMP_WORDS[2]-}\" in");
    for (CommandSpec verb : CommandPage.verbs(meshx)) {
      for (CommandSpec below : CommandPage.verbs(verb)) {
        script.bashCase(verb.name() + " " + below.name(), 2, below);
      }
      script.bashCase(verb.name() + " *", 1, verb);
    }
    script.line("    esac");
    script.line(
        "    [[ ${#words[@]} -eq 0 && $COMP_CWORD -eq 1 ]] && words=(" + names(meshx) + ")");
    script.line("    mapfile -t COMPREPLY < <(compgen -W \"${words[*]}\" -- \"$current\")");
    script.line("}");
    script.line("complete -F _meshx meshx");
    return script.text.toString();
  }

  private void bashCase(String pattern, int depth, CommandSpec verb) {
    line("        \"" + pattern.replace("*", "\"*") + (pattern.endsWith("*") ? "" : "\"") + ")");
    line("            [[ $COMP_CWORD -gt " + depth + " ]] && words=(" + names(verb) + ") ;;");
  }

  /**
   * For zsh.
   *
   * @see <a href="https://zsh.sourceforge.io/Doc/Release/Completion-System.html">zsh, Completion
   *     System</a>
   */
  static String zsh(CommandSpec meshx) {
    Completion script = new Completion();
    script.line("#compdef meshx");
    script.line("# SPDX-License-Identifier: Apache-2.0");
    script.line("local -a verbs");
    script.line("if (( CURRENT == 2 )); then");
    script.zshVerbs("  ", meshx);
    script.line("  return");
    script.line("fi");
    script.line("case \"$words[2]\" in");
    for (CommandSpec verb : CommandPage.verbs(meshx)) {
      script.line("  " + verb.name() + ")");
      List<CommandSpec> below = CommandPage.verbs(verb);
      if (below.isEmpty()) {
        script.zshArguments("    ", verb);
      } else {
        script.line("    if (( CURRENT == 3 )); then");
        script.zshVerbs("      ", verb);
        script.line("      return");
        script.line("    fi");
        script.line("    case \"$words[3]\" in");
        for (CommandSpec each : below) {
          script.line("      " + each.name() + ")");
          script.zshArguments("        ", each);
          script.line("        ;;");
        }
        script.line("    esac");
      }
      script.line("    ;;");
    }
    script.line("esac");
    return script.text.toString();
  }

  private void zshVerbs(String indent, CommandSpec command) {
    line(indent + "verbs=(");
    for (CommandSpec verb : CommandPage.verbs(command)) {
      line(indent + "  " + quoted(verb.name() + ":" + first(verb.usageMessage().description())));
    }
    line(indent + ")");
    line(indent + "_describe verb verbs");
  }

  private void zshArguments(String indent, CommandSpec verb) {
    StringBuilder call = new StringBuilder(indent + "_arguments");
    for (OptionSpec option : CommandPage.options(verb)) {
      for (String name : option.names()) {
        String value =
            option.arity().max() == 0
                ? ""
                : ":"
                    + option.paramLabel()
                    + ":"
                    + (isPath(option) ? isDirectory(option) ? "_files -/" : "_files" : " ");
        String about =
            first(option.description()).replace("[", "(").replace("]", ")").replace(":", "\\:");
        call.append(" \\\n" + indent + "  " + quoted(name + "[" + about + "]" + value));
      }
    }
    line(call.toString());
  }

  /**
   * For fish.
   *
   * @see <a href="https://fishshell.com/docs/current/completions.html">fish, Writing your own
   *     completions</a>
   */
  static String fish(CommandSpec meshx) {
    Completion script = new Completion();
    script.line("# SPDX-License-Identifier: Apache-2.0");
    script.line("complete -c meshx -f");
    for (CommandSpec verb : CommandPage.verbs(meshx)) {
      script.line(
          "complete -c meshx -n __fish_use_subcommand -a "
              + verb.name()
              + " -d "
              + quoted(first(verb.usageMessage().description())));
      String seen = "'__fish_seen_subcommand_from " + verb.name() + "'";
      script.fishOptions(seen, verb);
      for (CommandSpec below : CommandPage.verbs(verb)) {
        script.line(
            "complete -c meshx -n "
                + seen
                + " -a "
                + below.name()
                + " -d "
                + quoted(first(below.usageMessage().description())));
        script.fishOptions("'__fish_seen_subcommand_from " + below.name() + "'", below);
      }
    }
    return script.text.toString();
  }

  private void fishOptions(String seen, CommandSpec verb) {
    for (OptionSpec option : CommandPage.options(verb)) {
      String line = "complete -c meshx -n " + seen;
      for (String name : option.names()) {
        line += name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1);
      }
      if (option.arity().max() > 0) {
        line += isPath(option) ? " -r -F" : " -x";
      }
      line(line + " -d " + quoted(first(option.description())));
    }
  }

  private static List<String> namesWithPath(CommandSpec command, boolean directory) {
    return CommandPage.verbs(command).stream()
        .flatMap(verb ->
            Stream.concat(
                CommandPage.options(verb).stream()
                    .filter(option -> isPath(option) && isDirectory(option) == directory)
                    .map(OptionSpec::longestName),
                namesWithPath(verb, directory).stream()))
        .distinct()
        .sorted()
        .toList();
  }

  private static boolean isPath(OptionSpec option) {
    return option.type().equals(Path.class)
        || List.of(option.auxiliaryTypes()).contains(Path.class);
  }

  private static boolean isDirectory(OptionSpec option) {
    return option.paramLabel().equals("DIR");
  }

  private static String names(CommandSpec command) {
    return Stream.concat(
            CommandPage.verbs(command).stream().map(CommandSpec::name),
            CommandPage.options(command).stream().map(OptionSpec::longestName))
        .reduce((left, right) -> left + " " + right)
        .orElse("");
  }

  private static String first(String... description) {
    return description.length == 0 ? "" : description[0];
  }

  private static String quoted(String words) {
    return "'" + words.replace("'", "'\\''") + "'";
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
