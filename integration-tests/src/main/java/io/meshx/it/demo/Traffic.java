// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.demo;

import io.meshx.it.exec.LabException;
import io.meshx.it.mesh.Answer;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Requests from one workload, one after another, each on a connection of its own. */
final class Traffic implements AutoCloseable {
  private final MeshHost host;
  private final Workload from;
  private final String url;
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final List<String> failures = new ArrayList<>();
  private final Thread thread;
  private int answered;

  private Traffic(MeshHost host, Workload from, String url) {
    this.host = host;
    this.from = from;
    this.url = url;
    this.thread = Thread.ofVirtual().unstarted(this::run);
  }

  static Traffic start(MeshHost host, Workload from, String url) {
    Traffic traffic = new Traffic(host, from, url);
    traffic.thread.start();
    return traffic;
  }

  private void run() {
    while (!stopped.get()) {
      try {
        Answer answer = host.request(from, url);
        if (answer.clientId().equals(from.spiffeId())) {
          answered++;
        } else {
          failures.add("answered to '" + answer.clientId() + "'");
        }
      } catch (LabException e) {
        failures.add(String.valueOf(e.getMessage()));
      }
    }
  }

  /** Ends it and says how it went. */
  String stop() {
    close();
    return "%d requests meanwhile, %d failed%s"
        .formatted(
            answered + failures.size(),
            failures.size(),
            failures.isEmpty() ? "" : "; the first: " + failures.getFirst());
  }

  /** Whether one has failed; only after the end. */
  boolean failed() {
    return !failures.isEmpty();
  }

  @Override
  public void close() {
    stopped.set(true);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
