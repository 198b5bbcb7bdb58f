// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.exec;

import io.meshx.agent.model.HostException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** Runs programs that go on printing. */
public interface Following {
  /**
   * Runs a program until it ends, or is ended when the latch opens, and hands on each line that it
   * prints.
   *
   * @param argv the program, looked up in the system's own directories, and its arguments
   * @param until ends it
   * @param lines gets each line as it comes, on the calling thread
   * @throws HostException.CommandFailed if it cannot be started or ends by itself
   * @throws InterruptedException if the thread is interrupted; the program is ended then
   */
  void follow(List<String> argv, CountDownLatch until, Consumer<String> lines)
      throws HostException.CommandFailed, InterruptedException;
}
