// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.exec;

import io.meshx.agent.model.HostException.CommandFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Runs several commands at the same time, each on a virtual thread. */
final class Together {
  private sealed interface Ended {
    record Well(String output) implements Ended {}

    record Badly(CommandFailed failure) implements Ended {}
  }

  private Together() {}

  static List<String> run(Commands commands, List<List<String>> argvs) throws CommandFailed {
    ArrayList<Future<Ended>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (List<String> argv : argvs) {
        running.add(threads.submit(() -> end(commands, argv)));
      }
    }
    ArrayList<String> outputs = new ArrayList<>();
    @Nullable CommandFailed first = null;
    for (Future<Ended> task : running) {
      if (task.state() == Future.State.FAILED) {
        throw new IllegalStateException("a command's thread broke", task.exceptionNow());
      }
      switch (task.resultNow()) {
        case Ended.Well(String output) -> outputs.add(output);
        case Ended.Badly(CommandFailed failure) -> {
          if (first == null) {
            first = failure;
          } else {
            first.addSuppressed(failure);
          }
        }
      }
    }
    if (first != null) {
      throw first;
    }
    return outputs;
  }

  private static Ended end(Commands commands, List<String> argv) {
    try {
      return new Ended.Well(commands.run(argv, ""));
    } catch (CommandFailed e) {
      return new Ended.Badly(e);
    }
  }
}
