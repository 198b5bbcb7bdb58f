// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.status.ControlSocket;
import io.meshx.agent.status.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Holds a service back at its start. */
@Command(
    name = "wait",
    description = {
      "Waits until the traffic of a workload is redirected and that has been tried; then it may start.",
      "Waits for the agent too, however long that takes. Where there is no such workload, ends at once."
    },
    mixinStandardHelpOptions = true)
public final class Wait implements Callable<Integer> {
  private static final long PAUSE_MILLIS = 200;

  @Parameters(paramLabel = "WORKLOAD", description = "Its name.")
  private String workload = "";

  /** For picocli. */
  public Wait() {}

  @Override
  public Integer call() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    boolean told = false;
    String question = "wait " + workload;
    while (true) {
      if (Files.exists(Directories.CONTROL) && !Files.isWritable(Directories.CONTROL)) {
        return Status.ask(question); // Which says who may ask.
      }
      try {
        ControlSocket.RawAnswer answer = ControlSocket.ask(Directories.CONTROL, question);
        System.out.print(answer.text());
        if (answer.code() != ExitStatus.NOT_RUNNING.code()) {
          return answer.code();
        }
      } catch (IOException e) {
        if (!told) {
          System.out.println("waiting for the agent: " + e.getMessage());
          told = true;
        }
      }
      if (never.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
        return ExitStatus.FAILED.code();
      }
    }
  }
}
