// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.net;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A named network namespace of this machine. */
public final class Namespace implements AutoCloseable {
  private static final Path DIRECTORY = Path.of("/run/netns");

  private final String name;

  private Namespace(String name) {
    this.name = name;
  }

  /**
   * Makes one, with its loopback interface up.
   *
   * @throws LabException when it cannot be made, for example because the name is taken
   */
  public static Namespace create(String name) {
    Namespace made = new Namespace(name);
    Command.of("ip", "netns", "add", name).run().ok();
    made.ip("link set lo up");
    return made;
  }

  /** One that may exist already. */
  public static Namespace named(String name) {
    return new Namespace(name);
  }

  /** The names of all namespaces of this machine that belong to some lab. */
  public static List<String> ofLabs() {
    if (!Files.isDirectory(DIRECTORY)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(DIRECTORY)) {
      return List.copyOf(
          new TreeSet<>(
              all.map(each -> String.valueOf(each.getFileName()))
                  .filter(each -> LabId.owning(each).isPresent())
                  .toList()));
    } catch (IOException e) {
      throw new LabException("listing '" + DIRECTORY + "'", e);
    }
  }

  public String name() {
    return name;
  }

  /** Where a process that may enter it finds it. */
  public Path path() {
    return DIRECTORY.resolve(name);
  }

  public boolean exists() {
    return Files.exists(path());
  }

  /** An argv prefix that runs the rest in it, in place of itself. */
  public List<String> enter() {
    return List.of("nsenter", "--net=" + path(), "--");
  }

  /** Runs a command in it to its end, within {@link Command#TIMEOUT}. */
  public Result run(String... argv) {
    return Command.of(argv).in(name, enter()).run();
  }

  /** Runs a command in it to its end. */
  public Result run(Duration timeout, String... argv) {
    return Command.of(argv).in(name, enter()).within(timeout).run();
  }

  /**
   * Gives commands to {@code ip}, one a line, in one go.
   *
   * @throws LabException when one is refused; those before it are done
   */
  public void ip(String... lines) {
    Command.of("ip", "-n", name, "-batch", "-").reading(String.join("\n", lines) + "\n").run().ok();
  }

  /** The same with a list of commands. */
  public void ip(List<String> lines) {
    ip(lines.toArray(String[]::new));
  }

  /** Sets a kernel parameter below {@code /proc/sys}, for example {@code net/ipv4/ip_forward}. */
  public void sysctl(String path, String value) {
    Command.of("tee", "/proc/sys/" + path).in(name, enter()).reading(value).run().ok();
  }

  /** The processes that use it, by their id as this machine sees it. */
  public List<Long> processes() {
    if (!exists()) {
      return List.of();
    }
    return Command.of("ip", "netns", "pids", name).run().lines().stream()
        .map(line -> Long.valueOf(line.strip()))
        .toList();
  }

  /**
   * Removes it after ending the processes in it. No harm if it is not there.
   *
   * @throws LabException when it cannot be removed
   */
  @Override
  public void close() {
    List<Long> left = new ArrayList<>(processes());
    Await.value(
        Duration.ofSeconds(10),
        () -> {
          left.clear();
          left.addAll(processes());
          left.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
          return left.isEmpty() ? Optional.of(true) : Optional.empty();
        });
    if (!left.isEmpty()) {
      throw new LabException("removing namespace '%s': still used by %s".formatted(name, left));
    }
    if (exists()) {
      Command.of("ip", "netns", "del", name).run().ok();
    }
  }
}
