// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.exec;

import io.meshx.agent.model.HostException.CommandFailed;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs programs of this host in {@code /}, with an environment of nothing but {@code LC_ALL=C} and
 * the system's own {@code PATH}. May be called from any thread, virtual ones included.
 */
public final class HostCommands implements Commands, Following {
  private static final Logger LOG = LoggerFactory.getLogger(HostCommands.class);

  /** Where programs are looked up; nothing that a user installs by hand comes first. */
  private static final List<String> DIRECTORIES = List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin");

  /** How much of standard error a failure keeps, in characters from its end. */
  private static final int ERROR_LIMIT = 2000;

  private final Duration timeout;
  private final List<String> prefix;

  /**
   * Runs commands on the host itself.
   *
   * @param timeout how long one may take, pipes closed included; then it is killed
   */
  public HostCommands(Duration timeout) {
    this(timeout, List.of());
  }

  /**
   * Runs commands through another one.
   *
   * @param timeout how long one may take, pipes closed included; then it is killed
   * @param prefix put before every argument list, such as {@code ip netns exec NAME}; may be empty
   */
  public HostCommands(Duration timeout, List<String> prefix) {
    this.timeout = timeout;
    this.prefix = List.copyOf(prefix);
  }

  private record Printed(String output, String error) {}

  @Override
  public String run(List<String> argv, String input) throws CommandFailed {
    return printed(argv, input).output();
  }

  @Override
  public String said(List<String> argv) throws CommandFailed {
    Printed printed = printed(argv, "");
    return printed.output() + printed.error();
  }

  private Printed printed(List<String> argv, String input) throws CommandFailed {
    ArrayList<String> command = new ArrayList<>(prefix);
    command.addAll(argv);
    long deadline = System.nanoTime() + timeout.toNanos();
    Process process = start(command);
    FutureTask<String> output = inBackground(() -> read(process.getInputStream()));
    FutureTask<String> error = inBackground(() -> read(process.getErrorStream()));
    FutureTask<Boolean> written = inBackground(() -> write(process.getOutputStream(), input));
    try {
      if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new TimeoutException("not ended");
      }
      // The pipes outlive the process if it left a child behind that has them open.
      String out = output.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      String err = error.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      boolean all = written.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      int status = process.exitValue();
      LOG.debug("ran {}: status {}, read all its input: {}, error: {}", command, status, all, err);
      if (status != 0) {
        throw new CommandFailed(command, status, out, tail(err));
      }
      return new Printed(out, err);
    } catch (TimeoutException e) {
      LOG.debug("killing {}", command, e);
      throw new CommandFailed(
          command, "took longer than " + timeout.toMillis() + " ms", soFar(error));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailed(command, "was interrupted: " + e, soFar(error));
    } catch (ExecutionException e) {
      throw new CommandFailed(command, "broke its pipes", String.valueOf(e.getCause()));
    } finally {
      // Only then: finding descendants reads the whole process table.
      if (process.isAlive()) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
  }

  @Override
  public void follow(List<String> argv, CountDownLatch until, Consumer<String> lines)
      throws CommandFailed, InterruptedException {
    ArrayList<String> command = new ArrayList<>(prefix);
    command.addAll(argv);
    Process process = start(command);
    FutureTask<String> error = inBackground(() -> read(process.getErrorStream()));
    Thread ender =
        Thread.ofVirtual()
            .start(() -> {
              try {
                until.await();
              } catch (InterruptedException e) {
                LOG.debug("{} has ended by itself", command, e);
              }
              process.destroyForcibly();
            });
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.accept(line);
      }
    } catch (IOException e) {
      LOG.debug("reading what {} prints ended", command, e);
    } finally {
      ender.interrupt();
      process.destroyForcibly();
    }
    int status = process.waitFor();
    if (until.getCount() > 0) {
      throw new CommandFailed(
          command, "ended by itself with status " + status, soFar(error).strip());
    }
  }

  private static Process start(List<String> command) throws CommandFailed {
    ArrayList<String> resolved = new ArrayList<>(command);
    resolved.set(0, program(command));
    ProcessBuilder builder = new ProcessBuilder(resolved).directory(new File("/"));
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("LC_ALL", "C");
    environment.put("PATH", String.join(":", DIRECTORIES));
    try {
      return builder.start();
    } catch (IOException e) {
      throw new CommandFailed(command, "could not be started", String.valueOf(e.getMessage()));
    }
  }

  /** ProcessBuilder itself would search the PATH of the agent, not the one given to the child. */
  private static String program(List<String> command) throws CommandFailed {
    String name = command.getFirst();
    if (name.indexOf('/') >= 0) {
      return name;
    }
    for (String directory : DIRECTORIES) {
      Path candidate = Path.of(directory, name);
      if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
        return candidate.toString();
      }
    }
    throw new CommandFailed(
        command,
        "could not be started",
        "no program '" + name + "' in " + String.join(", ", DIRECTORIES));
  }

  /** A read from a pipe keeps the thread below a virtual one for itself until something comes. */
  private static <T> FutureTask<T> inBackground(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().name("pipe").start(task);
    return task;
  }

  private static String read(InputStream stream) throws IOException {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Gives whether all of it was taken; one that ends early is judged by its status alone. */
  private static boolean write(OutputStream stream, String input) {
    try (stream) {
      stream.write(input.getBytes(StandardCharsets.UTF_8));
      return true;
    } catch (IOException e) {
      LOG.debug("input was not read to its end", e);
      return false;
    }
  }

  private static String soFar(FutureTask<String> error) {
    return error.state() == FutureTask.State.SUCCESS ? tail(error.resultNow()) : "";
  }

  private static String tail(String text) {
    return text.length() <= ERROR_LIMIT ? text : text.substring(text.length() - ERROR_LIMIT);
  }
}
