// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.time.Duration;

/**
 * One line about something that takes a moment, printed with its time when it ends: {@code boot
 * host vm1 … 0.8 s}. Use it in try-with-resources.
 */
public final class Step implements AutoCloseable {
  private final String text;
  private final long began = System.nanoTime();
  private String outcome = "failed after ";

  private Step(String text) {
    this.text = text;
  }

  /** Begins a step; it counts as failed unless {@link #done} is called before it closes. */
  public static Step of(String text) {
    return new Step(text);
  }

  /** Prints a line of its own. */
  public static void note(String text) {
    System.out.println(text);
  }

  /** Says that the step succeeded. */
  public void done() {
    outcome = "";
  }

  /** Says that the step succeeded, with a remark to print before the time. */
  public void done(String remark) {
    outcome = remark + ", ";
  }

  @Override
  public void close() {
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    note("%s … %s%.2f s".formatted(text, outcome, took.toMillis() / 1000.0));
  }
}
