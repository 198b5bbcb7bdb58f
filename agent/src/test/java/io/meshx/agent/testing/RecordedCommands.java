// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException.CommandFailed;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Runs commands through others and keeps the argument lists. */
public final class RecordedCommands implements Commands {
  private final Commands commands;
  private final CopyOnWriteArrayList<List<String>> argvs = new CopyOnWriteArrayList<>();

  /** Runs commands through the given ones. */
  public RecordedCommands(Commands commands) {
    this.commands = commands;
  }

  @Override
  public String run(List<String> argv, String input) throws CommandFailed {
    argvs.add(List.copyOf(argv));
    return commands.run(argv, input);
  }

  @Override
  public String said(List<String> argv) throws CommandFailed {
    argvs.add(List.copyOf(argv));
    return commands.said(argv);
  }

  /** What was run so far, one line each. */
  public List<String> operations() {
    return argvs.stream().map(argv -> String.join(" ", argv)).toList();
  }
}
