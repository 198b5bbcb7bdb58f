// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Host;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Configuration directories that a host sees at {@link #AT}, each with one thing wrong, and what
 * the installed {@code meshx config validate} says of them, all in one go.
 */
final class WrongConfigurations {
  /** Where the host sees them. */
  static final String AT = "/wrong";

  /** A trust bundle that is all right, in every directory. */
  private static final String ANCHORS = "trust-anchors.pem";

  /** A program start takes a second or so on a machine that others use too. */
  private static final Duration TIME = Duration.ofMinutes(10);

  private static final String VALIDATE_ALL =
      """
      out=$(mktemp -d)
      ls "$1" | xargs -P 2 -I{} bash -c \
        'meshx config validate --config "$1/$2" >"$3/$2" 2>&1; echo $? >"$3/$2.exit"' \
        validate "$1" {} "$out"
      for name in $(ls "$1"); do
        echo "=== $name $(cat "$out/$name.exit")"
        cat "$out/$name"
      done
      rm -r "$out"
      """;

  /**
   * What came of one directory.
   *
   * @param lines all that was said, without the directory's own path
   */
  record Verdict(int exit, List<String> lines) {}

  /** One directory while it is filled. Its agent.toml has a line for each key, in dotted form. */
  static final class Directory {
    private final Path path;
    private final Map<String, String> agent = new LinkedHashMap<>();

    private Directory(Path path) {
      this.path = path;
    }

    /** The number of the line that a key of agent.toml is on. */
    int line(String key) {
      return 1 + List.copyOf(agent.keySet()).indexOf(key);
    }

    /** Sets a key of agent.toml to a value in TOML; a new one comes behind the others. */
    Directory agent(String key, String value) {
      agent.put(key, value);
      return file("agent.toml", text(agent));
    }

    /** Takes a key out of agent.toml. */
    Directory without(String key) {
      agent.remove(key);
      return file("agent.toml", text(agent));
    }

    /** Adds a workload whose first line is as given, and that is all right otherwise. */
    Directory workload(String name, String key, String value) {
      Map<String, String> keys = new LinkedHashMap<>();
      keys.put(key, value);
      keys.putIfAbsent("namespace", "\"mixed-env\"");
      keys.putIfAbsent("process.user", '"' + name + '"');
      return file("workloads/" + name + ".toml", text(keys));
    }

    Directory file(String name, String content) {
      return file(name, content.getBytes(StandardCharsets.UTF_8));
    }

    Directory file(String name, byte[] content) {
      return change(
          "writing",
          name,
          file -> {
            Files.createDirectories(file.resolveSibling("."));
            Files.write(file, content);
            // Some of them have keys.
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
          });
    }

    /** Puts a directory where a file was or nothing. */
    Directory directory(String name) {
      delete(name);
      return change("making", name, Files::createDirectories);
    }

    /** Puts a link where a file was or nothing. */
    Directory link(String name, String target) {
      delete(name);
      return change("making", name, file -> Files.createSymbolicLink(file, Path.of(target)));
    }

    Directory delete(String name) {
      return change("removing", name, Files::deleteIfExists);
    }

    private Directory change(String what, String name, Change change) {
      try {
        change.on(path.resolve(name));
        return this;
      } catch (IOException e) {
        throw new LabException("%s '%s' in '%s'".formatted(what, name, path), e);
      }
    }
  }

  /** Something that is done to a file. */
  private interface Change {
    void on(Path file) throws IOException;
  }

  private final Path base;
  private final String anchors;

  /**
   * None yet.
   *
   * @param base a directory of this machine that the host sees at {@link #AT}
   * @param anchors a certificate as PEM
   */
  WrongConfigurations(Path base, String anchors) {
    this.base = base;
    this.anchors = anchors;
  }

  /**
   * A new directory with nothing wrong in it yet.
   *
   * @param name without blanks
   * @param mode spire.mode
   */
  Directory add(String name, String mode) {
    Directory made = new Directory(base.resolve(name));
    made.agent("mesh.trust_domain", "\"root.linkerd.cluster.local\"")
        .agent("mesh.trust_anchors", '"' + ANCHORS + '"')
        .agent("host.addresses", "[\"192.0.2.10\"]")
        .agent("spire.mode", '"' + mode + '"')
        .file(ANCHORS, anchors);
    return switch (mode) {
      case "agent" -> made.agent("spire.server", "\"192.0.2.1:8081\"");
      case "external" -> made.agent("spire.socket", "\"/run/spire/api.sock\"");
      case "demo" ->
          made.file("ca.key", "-----BEGIN PRIVATE KEY-----\nnone\n")
              .agent("spire.trust_anchor_key", "\"ca.key\"");
      default -> throw new IllegalArgumentException(mode);
    };
  }

  /** A new directory in mode agent. */
  Directory add(String name) {
    return add(name, "agent");
  }

  private static String text(Map<String, String> keys) {
    StringBuilder text = new StringBuilder();
    keys.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
    return text.toString();
  }

  /** Has the host validate all of them. */
  Map<String, Verdict> validate(Host host) {
    Result result = host.exec(TIME, "bash", "-ec", VALIDATE_ALL, "validate", AT).ok();
    Map<String, Verdict> verdicts = new TreeMap<>();
    List<String> lines = new ArrayList<>();
    for (String line : result.stdout().lines().toList()) {
      if (line.startsWith("=== ")) {
        String[] fields = line.split(" ", -1);
        lines = new ArrayList<>();
        verdicts.put(fields[1], new Verdict(Integer.parseInt(fields[2]), lines));
      } else {
        lines.add(line);
      }
    }
    Map<String, Verdict> relative = new TreeMap<>();
    verdicts.forEach((name, verdict) ->
        relative.put(
            name,
            new Verdict(
                verdict.exit,
                verdict.lines.stream()
                    .map(line -> line.replace(AT + "/" + name + "/", ""))
                    .toList())));
    return relative;
  }
}
