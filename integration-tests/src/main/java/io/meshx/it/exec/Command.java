// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.io.ByteArrayOutputStream;
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
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A command to run to its end on this machine, perhaps behind a prefix that enters a namespace or a
 * host. Immutable. The environment of the child is small and the same everywhere; nothing of the
 * caller's environment reaches it except what is added here.
 */
public final class Command {
  /** The time that a command gets unless it says otherwise. */
  public static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** What a command has in its environment, here and on every host, and nothing else. */
  public static final Map<String, String> ENVIRONMENT =
      Map.of(
          "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "LC_ALL", "C.UTF-8",
          "HOME", "/root",
          "SYSTEMD_PAGER", "cat",
          "DEBIAN_FRONTEND", "noninteractive");

  private final String where;
  private final List<String> prefix;
  private final List<String> argv;
  private final Duration timeout;
  private final @Nullable Input input;

  /** Writes a command's standard input. */
  private interface Input {
    void feed(OutputStream stdin) throws IOException;
  }

  private Command(
      String where,
      List<String> prefix,
      List<String> argv,
      Duration timeout,
      @Nullable Input input) {
    this.where = where;
    this.prefix = prefix;
    this.argv = argv;
    this.timeout = timeout;
    this.input = input;
  }

  /** A command of this machine. */
  public static Command of(String... argv) {
    return new Command("this machine", List.of(), List.of(argv), TIMEOUT, null);
  }

  /** A command of this machine. */
  public static Command of(List<String> argv) {
    return new Command("this machine", List.of(), List.copyOf(argv), TIMEOUT, null);
  }

  /** The same behind a prefix that enters {@code where}. */
  public Command in(String where, List<String> prefix) {
    return new Command(where, List.copyOf(prefix), argv, timeout, input);
  }

  /** The same with another time limit. */
  public Command within(Duration timeout) {
    return new Command(where, prefix, argv, timeout, input);
  }

  /** The same with a text for its standard input, which is empty otherwise. */
  public Command reading(String text) {
    return reading(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The same with bytes for its standard input. */
  public Command reading(byte[] bytes) {
    byte[] copy = bytes.clone();
    return new Command(where, prefix, argv, timeout, stdin -> stdin.write(copy));
  }

  /** The same with a file of this machine as its standard input. */
  public Command reading(Path file) {
    return new Command(where, prefix, argv, timeout, stdin -> Files.copy(file, stdin));
  }

  /**
   * Runs it to its end.
   *
   * @throws LabException when it cannot be started or does not end in time; it and its children are
   *     killed then
   */
  public Result run() {
    Captured captured = capture();
    return new Result(
        where,
        argv,
        captured.exit,
        new String(captured.stdout, StandardCharsets.UTF_8),
        captured.stderr,
        captured.took);
  }

  /**
   * Runs it to its end and hands back its output byte for byte.
   *
   * @throws LabException when it cannot be started, does not end in time or fails
   */
  public byte[] bytes() {
    Captured captured = capture();
    new Result(where, argv, captured.exit, "", captured.stderr, captured.took).ok();
    return captured.stdout;
  }

  /**
   * Runs it to its end, with its output on this process's own as it comes.
   *
   * @return its exit status
   * @throws LabException when it cannot be started or does not end in time; it is killed then
   */
  public int show() {
    ProcessBuilder builder = builder();
    builder.redirectOutput(ProcessBuilder.Redirect.INHERIT);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = start(builder);
    try {
      feed(process);
      if (!process.waitFor(Patience.of(timeout).toMillis(), TimeUnit.MILLISECONDS)) {
        endTree(process.toHandle());
        throw new LabException(
            "running '%s' on %s did not end within %s"
                .formatted(String.join(" ", argv), where, Patience.of(timeout)));
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      endTree(process.toHandle());
      Thread.currentThread().interrupt();
      throw new LabException("running '%s' on %s".formatted(String.join(" ", argv), where), e);
    }
  }

  /** What a process left; no record, since one of its parts is an array. */
  private static final class Captured {
    final int exit;
    final byte[] stdout;
    final String stderr;
    final Duration took;

    Captured(int exit, byte[] stdout, String stderr, Duration took) {
      this.exit = exit;
      this.stdout = stdout;
      this.stderr = stderr;
      this.took = took;
    }
  }

  private Captured capture() {
    long began = System.nanoTime();
    Process process = start(builder());
    try {
      ByteArrayOutputStream stdout = new ByteArrayOutputStream();
      ByteArrayOutputStream stderr = new ByteArrayOutputStream();
      Thread out = drain(process.getInputStream(), stdout);
      Thread err = drain(process.getErrorStream(), stderr);
      feed(process);
      long limit = Patience.of(timeout).toMillis();
      if (!process.waitFor(limit, TimeUnit.MILLISECONDS)) {
        endTree(process.toHandle());
        throw new LabException(
            "running '%s' on %s did not end within %d ms; so far: %s %s"
                .formatted(
                    String.join(" ", argv),
                    where,
                    limit,
                    text(stdout).strip(),
                    text(stderr).strip()));
      }
      // A child left in the background may hold the pipes; what it writes is not the command's.
      out.join(Duration.ofSeconds(1));
      err.join(Duration.ofSeconds(1));
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      return new Captured(process.exitValue(), bytes(stdout), text(stderr), took);
    } catch (InterruptedException e) {
      endTree(process.toHandle());
      Thread.currentThread().interrupt();
      throw new LabException("running '%s' on %s".formatted(String.join(" ", argv), where), e);
    }
  }

  private ProcessBuilder builder() {
    List<String> all = new ArrayList<>(prefix);
    all.addAll(argv);
    ProcessBuilder builder = new ProcessBuilder(all).directory(Path.of("/").toFile());
    builder.environment().clear();
    builder.environment().putAll(ENVIRONMENT);
    return builder;
  }

  private Process start(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new LabException(
          "starting '%s' on %s".formatted(String.join(" ", builder.command()), where), e);
    }
  }

  private void feed(Process process) {
    try (OutputStream stdin = process.getOutputStream()) {
      if (input != null) {
        input.feed(stdin);
      }
    } catch (IOException e) {
      // A command that ends without reading its input says why by its exit status.
    }
  }

  private static void endTree(ProcessHandle process) {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  private static Thread drain(InputStream from, ByteArrayOutputStream to) {
    // A read from a pipe keeps the thread below a virtual one for itself until something comes.
    return Thread.ofPlatform()
        .daemon()
        .start(() -> {
          byte[] buffer = new byte[8192];
          try (from) {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
              synchronized (to) {
                to.write(buffer, 0, n);
              }
            }
          } catch (IOException e) {
            // The stream is closed when the process is killed: what came until then counts.
          }
        });
  }

  private static byte[] bytes(ByteArrayOutputStream stream) {
    synchronized (stream) {
      return stream.toByteArray();
    }
  }

  private static String text(ByteArrayOutputStream stream) {
    return new String(bytes(stream), StandardCharsets.UTF_8);
  }
}
