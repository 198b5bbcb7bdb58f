// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** The same done to several things at the same time. */
public final class AtOnce {
  private AtOnce() {}

  /**
   * Does it to each, and waits for all.
   *
   * @param what it is, for the message
   * @throws LabException with the first failure in the order of the list
   */
  public static <T> void all(String what, List<T> things, Consumer<? super T> action) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> begun = new ArrayList<>();
      things.forEach(each -> begun.add(threads.submit(() -> action.accept(each))));
      for (Future<?> each : begun) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new LabException(what, e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException(what, e);
    }
  }
}
