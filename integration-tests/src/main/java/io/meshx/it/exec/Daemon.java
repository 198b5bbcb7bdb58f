// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A process that the lab started and keeps running, in a control group by which a later run finds
 * it, its output in a file.
 */
public final class Daemon implements AutoCloseable {
  private final String what;
  private final Process process;
  private final Path log;

  private Daemon(String what, Process process, Path log) {
    this.what = what;
    this.process = process;
    this.log = log;
  }

  /**
   * Starts one. Every prefix must replace itself by what follows, so that the process started is
   * the one that is ended.
   *
   * @param what its name in messages
   * @param group the control group that it runs in; it must exist
   * @param environment added to the small fixed environment
   * @param log gets its standard output and error, after what is there
   * @throws LabException when it cannot be started
   */
  public static Daemon start(
      String what, Cgroup group, List<String> argv, Map<String, String> environment, Path log) {
    List<String> all = new ArrayList<>(group.enter());
    all.add("setsid"); // A key pressed on our terminal is not for it.
    all.addAll(argv);
    ProcessBuilder builder = new ProcessBuilder(all).directory(Path.of("/").toFile());
    builder.environment().clear();
    builder.environment().putAll(Command.ENVIRONMENT);
    builder.environment().putAll(environment);
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    try {
      return new Daemon(what, builder.start(), log);
    } catch (IOException e) {
      throw new LabException("starting %s as '%s'".formatted(what, String.join(" ", argv)), e);
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean alive() {
    return process.isAlive();
  }

  /** All that it and its predecessors with the same file have printed. */
  public String log() {
    try {
      return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new LabException("reading the log of " + what + " in '" + log + "'", e);
    }
  }

  /**
   * Waits until it runs as wanted.
   *
   * @throws LabException when it ends before or the time is over, with its log
   */
  public void awaitReady(String wanted, Duration timeout, BooleanSupplier ready) {
    var outcome =
        Await.value(
            timeout,
            () ->
                ready.getAsBoolean()
                    ? Optional.of(true)
                    : process.isAlive() ? Optional.<Boolean>empty() : Optional.of(false));
    if (!outcome.orElse(false)) {
      throw new LabException(
          "%s did not get to '%s' within %d ms, %s; it said: %s"
              .formatted(
                  what,
                  wanted,
                  Patience.of(timeout).toMillis(),
                  process.isAlive() ? "it runs" : "it ended with status " + process.exitValue(),
                  log()));
    }
  }

  /**
   * Waits for its end.
   *
   * @return its exit status
   * @throws LabException when it still runs after the time
   */
  public int awaitExit(Duration timeout) {
    try {
      if (!process.waitFor(Patience.of(timeout).toMillis(), TimeUnit.MILLISECONDS)) {
        throw new LabException(
            "%s, process %d, did not end within %d ms; it said: %s"
                .formatted(what, process.pid(), Patience.of(timeout).toMillis(), log()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException("waiting for the end of " + what, e);
    }
    return process.exitValue();
  }

  /** Ends it with SIGTERM, and with SIGKILL when it has not ended after 10 seconds. */
  public void stop() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      kill();
    }
  }

  /** Ends it with SIGKILL. */
  public void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(20));
  }

  @Override
  public void close() {
    kill();
  }
}
