// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.vagrant;

import static java.util.stream.Collectors.joining;

import io.meshx.it.Sweep;
import io.meshx.it.cache.Cache;
import io.meshx.it.exec.AtOnce;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.vagrant.VagrantHost;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.net.WorkDirectory;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs the suites for whole machines: two hosts and the machine "cluster", on which JUnit runs.
 * Exits with 1 when a scenario failed or the machines could not be had. Whatever comes of it, the
 * machines are destroyed; those of a run that was killed are destroyed by the next.
 */
public final class VagrantRun {
  private static final Duration LONGEST = Duration.ofHours(3);

  /** Where things are on every machine, so that a path on one is a path on the others. */
  private static final String ROOT = "/opt/meshx-lab";

  /** The engine alone, in the launcher's list. */
  private static final Pattern NOTHING = Pattern.compile("\\[ +1 containers found +]");

  private static final String POWER = "/run/meshx-power.sock";

  private final Settings settings;
  private final WorkDirectory directory;
  private final Hypervisor hypervisor;
  private final Vagrant vagrant;
  private final BufferedReader input =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  private VagrantRun(Settings settings, WorkDirectory directory) {
    this.settings = settings;
    this.directory = directory;
    this.hypervisor = Hypervisor.of(settings, directory);
    this.vagrant = new Vagrant(settings, hypervisor, directory.path());
  }

  /** Runs it; see the class. */
  public static void main(String[] args) {
    Settings settings = Settings.ofEnvironment();
    Sweep.run().forEach(each -> Step.note("sweep: remains: " + each));
    WorkDirectory directory = WorkDirectory.create();
    Thread hook = new Thread(() -> Sweep.remove(directory.id()), "remove " + directory.id());
    Runtime.getRuntime().addShutdownHook(hook); // Also when somebody presses a key.
    boolean passed = false;
    try (Step step = Step.of("suites on whole machines")) {
      VagrantRun run = new VagrantRun(settings, directory);
      passed = run.run();
      step.done(passed ? "passed" : "with failures");
    } catch (LabException e) {
      System.err.println(e.getMessage());
    }
    System.exit(passed ? 0 : 1);
  }

  private boolean run() {
    Scenarios scenarios = settings.scenarios();
    list(scenarios);
    try {
      bringUp();
      Path stage = furnish();
      boolean passed = test(scenarios);
      for (Optional<Scenarios> more = more(); more.isPresent(); more = more()) {
        send(packed(stage.resolve("suites")), Settings.CLUSTER);
        passed = test(more.get().suites().isEmpty() ? scenarios : more.get());
      }
      return passed;
    } finally {
      destroy();
    }
  }

  /** What somebody wants to run on these machines once more, as it is built then. */
  private Optional<Scenarios> more() {
    if (!settings.keep()) {
      return Optional.empty();
    }
    Step.note(
        "The machines stay. Enter runs the same again as it is built now, names of suites run these,"
            + " the end of input ends.");
    try {
      return Optional.ofNullable(input.readLine()).map(Scenarios::named);
    } catch (IOException e) {
      throw new LabException("waiting for a key", e);
    }
  }

  /** Says beforehand what runs here; it costs a second, where a machine would take a minute. */
  private void list(Scenarios scenarios) {
    List<String> argv = new ArrayList<>(List.of(program("java"), "-cp", classPath()));
    argv.addAll(scenarios.arguments("discover", "--details=tree"));
    String found = Command.of(argv).run().ok().stdout();
    Step.note("What runs on whole machines:\n" + found);
    if (NOTHING.matcher(found).find()) {
      throw new LabException("listing the suites: none is called " + scenarios.suites());
    }
  }

  private void bringUp() {
    if (List.of(settings.box(), settings.clusterBox()).contains("local")) {
      try (Step step = Step.of("add the box local/debian12")) {
        vagrant
            .run(
                "box", "add", "--force", "--name", "local/debian12", settings.localBox().toString())
            .ok();
        step.done();
      }
    }
    vagrant.run("destroy", "--force").ok(); // Those of a run that was killed.
    try (Step step =
        Step.of("bring up three machines" + (hypervisor.emulated() ? ", emulated" : ""))) {
      vagrant.run("up").ok();
      vagrant.learnAddresses();
      step.done();
    }
  }

  private Path furnish() {
    Path stage = stage();
    List<String> machines = new ArrayList<>(Settings.HOSTS);
    machines.add(Settings.CLUSTER);
    Path programs = packed(stage.resolve("programs"));
    AtOnce.all("sending programs", machines, machine -> send(programs, machine));
    AtOnce.all("installing the package", Settings.HOSTS, this::install);
    send(packed(stage.resolve("lab")), Settings.CLUSTER);
    send(packed(stage.resolve("suites")), Settings.CLUSTER);
    vagrant
        .sh(Settings.CLUSTER, "install -D -m 600 /dev/stdin " + ROOT + "/key")
        .reading(vagrant.key())
        .run()
        .ok();
    try (Step step = Step.of("keep vm1 and vm2 as they are")) {
      for (String host : Settings.HOSTS) {
        vagrant.run("snapshot", "save", host, VagrantHost.INSTALLED).ok();
      }
      step.done();
    }
    return stage;
  }

  /** Links to what the machines get, under the names that it has there. */
  private Path stage() {
    try (Step step = Step.of("link a Java runtime for the tests")) {
      Path stage = directory.path().resolve("stage");
      Path cache = Files.createDirectories(stage.resolve("programs/cache/meshx-agent"));
      for (Path each : List.of(Cache.spire(), Cache.standIns())) {
        Files.createSymbolicLink(cache.resolve(each.getFileName()), each);
      }
      Path lab = Files.createDirectories(stage.resolve("lab/classpath"));
      Path suites = Files.createDirectories(stage.resolve("suites/classpath"));
      Files.createSymbolicLink(lab.resolve("meshx-agent.deb"), MeshHost.deb());
      int number = 100; // The order of a class path counts.
      for (String each : classPath().split(File.pathSeparator, -1)) {
        Path path = Path.of(each);
        Path into = Files.isDirectory(path) ? suites : lab; // Our own, which change.
        Files.createSymbolicLink(into.resolve(number++ + "-" + path.getFileName()), path);
      }
      Command.of(
              program("jlink"),
              "--add-modules=java.se,jdk.unsupported,jdk.net,jdk.zipfs",
              "--strip-debug",
              "--no-header-files",
              "--no-man-pages",
              "--output=" + stage.resolve("lab/runtime"))
          .within(Duration.ofMinutes(2))
          .run()
          .ok();
      step.done();
      return stage;
    } catch (IOException e) {
      throw new LabException("laying out what the machines get", e);
    }
  }

  private Path packed(Path from) {
    Path archive = directory.path().resolve(from.getFileName() + ".tar.gz");
    Command.of(
            "tar",
            "--dereference",
            "--use-compress-program=gzip -1",
            "-cf",
            archive.toString(),
            "-C",
            from.toString(),
            ".")
        .within(Duration.ofMinutes(5))
        .run()
        .ok();
    return archive;
  }

  private void send(Path archive, String machine) {
    try (Step step = Step.of("send " + archive.getFileName() + " to " + machine)) {
      vagrant
          .sh(machine, "mkdir -p %1$s && tar -xzf - -C %1$s".formatted(ROOT))
          .reading(archive)
          .run()
          .ok();
      step.done();
    }
  }

  /** Installs the package as a user does: the RPM where there is no apt. */
  private void install(String host) {
    try (Step step = Step.of("install the package on " + host)) {
      Result apt = vagrant.sh(host, "command -v apt-get").run();
      Path package_ = apt.succeeded() ? MeshHost.deb() : rpm();
      String path = "/opt/lab/" + package_.getFileName();
      vagrant.sh(host, "install -D -m 644 /dev/stdin " + path).reading(package_).run().ok();
      vagrant
          .sh(
              host,
              "%s -y install %s && sha256sum %s > %s"
                  .formatted(
                      apt.succeeded() ? "DEBIAN_FRONTEND=noninteractive apt-get -q" : "dnf",
                      path,
                      path,
                      MeshHost.INSTALLED))
          .run()
          .ok();
      step.done();
    }
  }

  private static Path rpm() {
    try (Stream<Path> all = Files.list(MeshHost.deb().resolveSibling("."))) {
      return all.filter(each -> each.toString().endsWith(".x86_64.rpm"))
          .findFirst()
          .orElseThrow(() -> new LabException("looking for the RPM beside the DEB: none"));
    } catch (IOException e) {
      throw new LabException("looking for the RPM", e);
    }
  }

  private boolean test(Scenarios scenarios) {
    Path reports = settings.results();
    try (Switchboard _ = Switchboard.open(vagrant, directory.path().resolve("power"))) {
      String script =
          """
          cd %1$s; rm -rf results; mkdir results
          export XDG_CACHE_HOME=%1$s/cache LC_ALL=C.UTF-8
          # What runs once is not worth compiling well.
          exec runtime/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
            -Dmeshx.wire="$(cat /etc/meshx-wire)" -Dmeshx.key=%1$s/key -Dmeshx.power=%2$s -Dmeshx.patience=%3$d \
            -Dmeshx.deb=%1$s/classpath/meshx-agent.deb -Dmeshx.diagnostics=%1$s/results/diagnostics \
            -cp "$(printf '%%s:' %1$s/classpath/[0-9]*)" %4$s
          """
              .formatted(
                  ROOT,
                  POWER,
                  hypervisor.emulated() ? settings.patience() : 1,
                  scenarios
                      .arguments(
                          "execute",
                          "--fail-if-no-tests",
                          "--details=testfeed",
                          "--reports-dir=results")
                      .stream()
                      .map(Vagrant::quoted)
                      .collect(joining(" ")));
      int exit =
          vagrant
              .sh(
                  Settings.CLUSTER,
                  script,
                  "-R",
                  POWER + ":" + directory.path().resolve("power"),
                  "-o",
                  "ExitOnForwardFailure=yes")
              .within(LONGEST)
              .show();
      fetch(reports);
      String table = Scenarios.table(reports);
      Step.note(table);
      Scenarios.keep(table, reports.resolve("scenarios.txt"));
      return exit == 0 && !table.isEmpty();
    }
  }

  private void fetch(Path reports) {
    try (Step step = Step.of("fetch the reports to " + reports)) {
      byte[] archive = vagrant.sh(Settings.CLUSTER, "tar -czf - -C " + ROOT + "/results .").bytes();
      Command.of("rm", "-rf", reports.toString()).run().ok();
      Command.of("mkdir", "-p", reports.toString()).run().ok();
      Command.of("tar", "-xzf", "-", "-C", reports.toString()).reading(archive).run().ok();
      step.done();
    }
  }

  private void destroy() {
    try (Step step = Step.of("destroy the machines")) {
      Result destroyed = vagrant.run("destroy", "--force");
      if (destroyed.succeeded()) {
        step.done();
      } else {
        Step.note(destroyed.toString());
      }
    }
  }

  private static String program(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  private static String classPath() {
    return System.getProperty("meshx.tests");
  }
}
