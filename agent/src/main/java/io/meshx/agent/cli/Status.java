// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.status.ControlSocket;
import io.meshx.agent.status.ExitStatus;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Prints what the daemon knows. */
@Command(
    name = "status",
    description = "Shows what is joined, and for the rest what it waits for.",
    mixinStandardHelpOptions = true)
public final class Status implements Callable<Integer> {
  @Option(names = "--json", description = "Print it as JSON.")
  private boolean json;

  /** For picocli. */
  public Status() {}

  static Status inJson() {
    Status status = new Status();
    status.json = true;
    return status;
  }

  @Override
  public Integer call() {
    return ask(json ? "status json" : "status");
  }

  /** Asks the daemon and prints its answer; explains why there is none. */
  static int ask(String question) {
    if (Files.notExists(Directories.CONTROL)) {
      return Say.why(ExitStatus.NOT_RUNNING, notRunning());
    }
    try {
      ControlSocket.RawAnswer answer = ControlSocket.ask(Directories.CONTROL, question);
      System.out.print(answer.text());
      return answer.code();
    } catch (ConnectException e) {
      return Say.why(ExitStatus.NOT_RUNNING, notRunning());
    } catch (IOException e) {
      return Say.why(
          ExitStatus.NO_PERMISSION,
          "asking the agent at '"
              + Directories.CONTROL
              + "' failed: "
              + e.getMessage()
              + "; root and members of the group meshx may ask");
    }
  }

  private static String notRunning() {
    return "the agent does not run: nobody answers at '"
        + Directories.CONTROL
        + "'; see 'systemctl status meshx-agent' and 'journalctl -u meshx-agent'";
  }
}
