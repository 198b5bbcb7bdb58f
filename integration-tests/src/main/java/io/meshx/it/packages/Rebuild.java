// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.packages;

import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The project's packages, built once more from a copy of its files. System properties say what the
 * build at hand was told: {@code meshx.java}, {@code meshx.repository}, {@code meshx.revision}.
 *
 * @param deb the DEB
 * @param rpm the RPM
 */
public record Rebuild(Path deb, Path rpm) {
  private static final Duration LONGEST = Duration.ofMinutes(5);
  private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

  /** Of the packages that this project makes now. */
  private static final String VERSION = "0.1.0";

  /** All that a build of the packages reads. */
  private static final List<String> SOURCES =
      List.of(
          "pom.xml",
          ".mvn",
          "agent/pom.xml",
          "agent/src/main",
          "packaging/pom.xml",
          "packaging/src",
          "integration-tests/pom.xml",
          "units",
          "conf",
          "README.md",
          "CHANGELOG.md",
          "SECURITY.md",
          "LICENSE");

  /**
   * How it is built.
   *
   * @param user numeric ID of who builds
   * @param umask octal
   * @param timeZone of the builder
   */
  public record Builder(int user, String umask, String timeZone) {
    /** Root, as the tests run. */
    public static final Builder ROOT = new Builder(0, "0022", "UTC");
  }

  /** The packages that the build at hand has made: those beside the system property meshx.deb. */
  public static Rebuild here() {
    Path deb = Path.of(System.getProperty("meshx.deb", PROJECT + "/packaging/target/none"));
    return packages(deb.toAbsolutePath().normalize().resolveSibling("."), VERSION);
  }

  /**
   * Builds from a copy of the files.
   *
   * @param directory where; is made, and everything that was in it is gone
   */
  public static Rebuild at(Path directory, Builder builder) {
    copy(directory);
    build(directory, builder);
    return packages(directory.resolve("packaging/target"), VERSION);
  }

  /**
   * Builds what a next version could be: its number is another, it says so, and the units that it
   * starts differ.
   *
   * @param directory where; is made, and everything that was in it is gone
   */
  public static Rebuild next(Path directory, String version) {
    copy(directory);
    for (String pom :
        List.of("pom.xml", "agent/pom.xml", "packaging/pom.xml", "integration-tests/pom.xml")) {
      replace(
          directory.resolve(pom),
          "<version>" + VERSION + "</version>",
          "<version>" + version + "</version>");
    }
    replace(
        directory.resolve("agent/src/main/java/io/meshx/agent/proxy/ProxyUnit.java"),
        "\"Linkerd proxy of workload \"",
        "\"Linkerd proxy, next version, of workload \"");
    build(directory, Builder.ROOT);
    return packages(directory.resolve("packaging/target"), version);
  }

  private static Rebuild packages(Path target, String version) {
    Rebuild built =
        new Rebuild(
            target.resolve("meshx-agent_" + version + "_amd64.deb"),
            target.resolve("meshx-agent-" + version + "-1.x86_64.rpm"));
    for (Path file : List.of(built.deb, built.rpm)) {
      if (!Files.isRegularFile(file)) {
        throw new LabException("looking for the package '" + file + "': it is not there");
      }
    }
    return built;
  }

  private static void copy(Path directory) {
    Command.of("rm", "-rf", directory.toString()).run().ok();
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new LabException("making '" + directory + "'", e);
    }
    List<String> argv = new ArrayList<>(List.of("cp", "-r", "--parents"));
    argv.addAll(SOURCES);
    argv.add(directory.toString());
    // --parents takes the names as they are given, so from the project's directory.
    argv.addAll(0, List.of("env", "-C", PROJECT.toString()));
    Command.of(argv).run().ok();
  }

  private static void replace(Path file, String old, String text) {
    try {
      String content = Files.readString(file);
      if (!content.contains(old)) {
        throw new LabException("'" + file + "' has no '" + old + "' to replace");
      }
      Files.writeString(file, content.replace(old, text));
    } catch (IOException e) {
      throw new LabException("editing '" + file + "'", e);
    }
  }

  private static void build(Path directory, Builder builder) {
    try (Step step = Step.of("build the packages in " + directory + " as user " + builder.user())) {
      Map<String, String> environment = new TreeMap<>();
      environment.put("JAVA_HOME", property("meshx.java"));
      environment.put("TZ", builder.timeZone());
      environment.put("HOME", directory.toString());
      String repository = repository(directory, builder);
      environment.put("MAVEN_OPTS", "--sun-misc-unsafe-memory-access=allow");
      List<String> argv = new ArrayList<>(List.of("env", "-C", directory.toString()));
      environment.forEach((name, value) -> argv.add(name + "=" + value));
      argv.addAll(List.of("sh", "-euc", "umask " + builder.umask() + "; exec \"$@\"", "build"));
      if (builder.user() != 0) {
        String user = Integer.toString(builder.user());
        Command.of("chown", "-R", user, directory.toString()).run().ok();
        argv.addAll(List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups"));
      }
      argv.addAll(
          List.of(
              "mvn",
              "-B",
              "-q",
              "-ntp",
              "-pl",
              "agent,packaging",
              "-Dmaven.repo.local=" + repository,
              "-Drevision=" + property("meshx.revision"),
              "-Dmaven.test.skip=true",
              "-Dspotless.check.skip=true",
              "package"));
      Result result = Command.of(argv).within(LONGEST).run();
      result.ok();
      step.done();
    }
  }

  /** Where what the build needs lies: another user has a copy, which it may write to. */
  private static String repository(Path directory, Builder builder) {
    String ours = property("meshx.repository");
    if (builder.user() == 0) {
      return ours;
    }
    String copy = directory.resolve("repository").toString();
    Command.of("cp", "-r", ours, copy).within(LONGEST).run().ok();
    return copy;
  }

  private static String property(String name) {
    String value = System.getProperty(name);
    if (value == null || value.isEmpty()) {
      throw new LabException("the system property '" + name + "' is missing; the build sets it");
    }
    return value;
  }
}
