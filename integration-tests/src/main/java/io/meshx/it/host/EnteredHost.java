// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host;

import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Patience;
import io.meshx.it.exec.Result;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A host that is worked with by commands behind a prefix, {@link #enter}, whatever that is. */
public abstract class EnteredHost implements Host {
  private static final String PUT =
      """
      mkdir -p "$(dirname "$1")"
      new=$(mktemp "$1.XXXXXX"); trap 'rm -f "$new"' EXIT
      cat > "$new"; chown "$2" "$new"; chmod "$3" "$new"; mv -fT "$new" "$1"
      """;

  /** What the journal of a host that does not run has, by a command that lacks its directory. */
  protected abstract String journalOfAStoppedHost(List<String> journalctl);

  @Override
  public final Result run(String... argv) {
    return run(Command.TIMEOUT, argv);
  }

  @Override
  public final Result run(Duration timeout, String... argv) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "systemd-run",
                "--quiet",
                "--wait",
                "--pipe",
                "--collect",
                "--service-type=exec",
                "--setenv=HOME=/root",
                "--setenv=LC_ALL=C.UTF-8",
                "--setenv=DEBIAN_FRONTEND=noninteractive",
                "--property=RuntimeMaxSec=%dms".formatted(Patience.of(timeout).toMillis()),
                "--"));
    for (String argument : argv) {
      all.add(argument.replace("$", "$$")); // systemd would put a variable there.
    }
    Result result = inside(all).within(timeout.plusSeconds(10)).run();
    if (result.took().compareTo(Patience.of(timeout)) >= 0) {
      throw new LabException("the time of %s is over: %s".formatted(timeout, result));
    }
    return new Result(
        name(), List.of(argv), result.exit(), result.stdout(), result.stderr(), result.took());
  }

  @Override
  public final Result exec(String... argv) {
    return inside(Arrays.asList(argv)).run();
  }

  @Override
  public final Result exec(Duration timeout, String... argv) {
    return inside(Arrays.asList(argv)).within(timeout).run();
  }

  private Command inside(List<String> argv) {
    return Command.of(argv).in(name(), enter());
  }

  @Override
  public final byte[] readBytes(String path) {
    return inside(List.of("cat", "--", path)).bytes();
  }

  @Override
  public final boolean exists(String path) {
    return exec("sh", "-c", "[ -e \"$1\" ] || [ -L \"$1\" ]", "sh", path).succeeded();
  }

  @Override
  public final void write(String path, byte[] content, String owner, String mode) {
    inside(List.of("sh", "-ec", PUT, "put", path, owner, mode)).reading(content).run().ok();
  }

  @Override
  public final void copyIn(Path file, String path, String owner, String mode) {
    inside(List.of("sh", "-ec", PUT, "put", path, owner, mode)).reading(file).run().ok();
  }

  @Override
  public final void delete(String path) {
    exec("rm", "-rf", "--", path).ok();
  }

  @Override
  public final String journal(String unit) {
    List<String> argv =
        new ArrayList<>(
            List.of(
                "journalctl", "--quiet", "--no-pager", "--output=short-precise", "--no-hostname"));
    if (!unit.equals("*")) {
      argv.add("--unit=" + unit);
    }
    if (!running()) {
      return journalOfAStoppedHost(argv);
    }
    argv.add("--boot");
    return inside(argv).run().ok().stdout();
  }

  @Override
  public final String toString() {
    return name() + " (" + description() + ")";
  }
}
