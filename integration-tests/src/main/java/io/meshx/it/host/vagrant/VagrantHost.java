// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host.vagrant;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.EnteredHost;
import io.meshx.it.host.HostSpec;
import io.meshx.it.net.LabId;
import io.meshx.it.net.Network;
import io.meshx.it.net.Station;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A host that is a whole machine: a kernel, a clock and a boot of its own. Its first boot brings
 * back what was kept of it when everything was installed. Commands are sessions of one SSH
 * connection; one that is not over in time may go on there.
 */
public final class VagrantHost extends EnteredHost {
  /** What was kept of each machine before the first test. */
  public static final String INSTALLED = "installed";

  private static final Duration TIME_TO_BOOT = Duration.ofSeconds(60);

  private final HostSpec spec;
  private final Station station;
  private final Network network;
  private final Path directory;
  private final Cgroup group;
  private final Machines machines;
  private @Nullable Daemon connection;
  private boolean on;
  private boolean used;
  private boolean removed;
  private String distribution = "not booted yet";

  private VagrantHost(
      LabId id, HostSpec spec, Station station, Network network, Path directory, Machines machines)
      throws IOException {
    this.spec = spec;
    this.station = station;
    this.network = network;
    this.directory = Files.createDirectories(directory);
    this.group = Cgroup.named(id.name(spec.name())).create();
    this.machines = machines;
  }

  /**
   * Takes a machine for a host. The release and the packages of the spec are what its box has.
   *
   * @param station its place on the wire, which must be the one that the machine was given
   * @param network the wire, with this machine's interface
   * @param directory where the connection's socket is; its path must be short
   */
  public static VagrantHost of(
      LabId id,
      HostSpec spec,
      Station station,
      Network network,
      Path directory,
      Machines machines) {
    if (!spec.name().equals("vm" + (station.number() - 10))) {
      throw new LabException(
          "taking a machine for '%s' at %s: there are vm1 at 10.77.0.11 and vm2 at 10.77.0.12"
              .formatted(spec.name(), station.ipv4()));
    }
    try {
      return new VagrantHost(id, spec, station, network, directory, machines);
    } catch (IOException e) {
      throw new LabException("making '" + directory + "'", e);
    }
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public String description() {
    return "whole machine, " + distribution;
  }

  @Override
  public String ipv4() {
    return station.ipv4();
  }

  @Override
  public String ipv6() {
    return station.ipv6();
  }

  @Override
  public boolean running() {
    return on;
  }

  @Override
  public boolean removed() {
    return removed;
  }

  @Override
  public void boot() {
    if (removed || on) {
      throw new LabException(
          "booting host '%s': it is %s".formatted(name(), removed ? "removed" : "running already"));
    }
    boolean first = !used;
    try (Step step = Step.of((first ? "restore host " : "boot host ") + name())) {
      used = true;
      if (first) {
        comeUp(Machines.Verb.RESTORE, INSTALLED);
        setClock();
        furnish();
      } else {
        comeUp(Machines.Verb.START, "");
      }
      awaitRunning();
      step.done(distribution);
    }
  }

  private void furnish() {
    distribution =
        sh("""
        . /etc/os-release
        cgroups=hybrid; [ ! -e /sys/fs/cgroup/cgroup.controllers ] || cgroups='cgroup v2'
        echo "$PRETTY_NAME, kernel $(uname -r), $cgroups"
        """)
            .ok()
            .out();
    for (String each : spec.packages()) {
      sh("dpkg -s %1$s >/dev/null 2>&1 || rpm -q %1$s".formatted(each)).ok();
    }
    // Every machine has the same programs at the same place as this one.
    StringBuilder mounts = new StringBuilder();
    spec.mounts()
        .forEach((at, from) ->
            mounts.append(
                """
                [ -d %1$s ]; mkdir -p %2$s
                grep -q ' %2$s ' /etc/fstab || echo '%1$s %2$s none bind,ro 0 0' >> /etc/fstab
                """
                    .formatted(from, at)));
    sh(mounts + "systemctl daemon-reload; mount --all").ok();
  }

  /** Gives it the time of this machine, which it lacks after {@link #restore}. */
  public void setClock() {
    setClock(Instant.now());
  }

  /** Gives it a time. */
  public void setClock(Instant time) {
    exec("date", "--set=@" + time.getEpochSecond()).ok();
  }

  /** Keeps its memory and disk under a name. */
  public void save(String name) {
    machines.ask(Machines.Verb.SAVE, name(), name);
  }

  /** Brings back what was kept, with the clock of then. */
  public void restore(String name) {
    try (Step step = Step.of("restore host %s as of '%s'".formatted(name(), name))) {
      disconnect();
      comeUp(Machines.Verb.RESTORE, name);
      step.done();
    }
  }

  private void comeUp(Machines.Verb how, String name) {
    machines.ask(how, name(), name);
    on = true;
    connect("");
  }

  @Override
  public void reboot() {
    String before = bootId();
    try (Step step = Step.of("reboot host " + name())) {
      exec("systemctl", "reboot"); // What it answers does not count.
      connect(before);
      awaitRunning();
      step.done();
    }
  }

  @Override
  public void shutdown() {
    try (Step step = Step.of("shut down host " + name())) {
      machines.ask(Machines.Verb.STOP, name(), "");
      off();
      step.done();
    }
  }

  @Override
  public void kill() {
    try (Step step = Step.of("cut the power of host " + name())) {
      machines.ask(Machines.Verb.CUT, name(), "");
      off();
      step.done();
    }
  }

  private void off() {
    disconnect();
    on = false;
  }

  @Override
  public void remove() {
    if (!removed) {
      removed = true;
      off();
      group.remove();
    }
  }

  private String bootId() {
    return exec("cat", "/proc/sys/kernel/random/boot_id").ok().out();
  }

  /** Connects to the machine, once it is in another boot than the one named. */
  private void connect(String other) {
    Await.until(
        "a connection to " + name(),
        TIME_TO_BOOT,
        () -> {
          disconnect();
          Daemon started =
              Daemon.start(
                  "connection to " + name(),
                  group,
                  ssh("-M", "-N", "-o", "ConnectTimeout=5"),
                  Map.of(),
                  directory.resolve("ssh.log"));
          connection = started;
          Optional<Boolean> open =
              Await.value(
                  Duration.ofSeconds(5),
                  () ->
                      !started.alive()
                          ? Optional.of(false)
                          : control("check").succeeded() ? Optional.of(true) : Optional.empty());
          return open.orElse(false)
              && (other.isEmpty()
                  || Optional.of(exec("cat", "/proc/sys/kernel/random/boot_id"))
                      .filter(Result::succeeded)
                      .filter(id -> !id.out().equals(other))
                      .isPresent());
        });
  }

  private void disconnect() {
    if (connection != null) {
      connection.kill();
      connection = null;
    }
    try {
      // What a killed one leaves keeps the next from listening.
      Files.deleteIfExists(directory.resolve("ssh"));
    } catch (IOException e) {
      throw new LabException("removing the socket of a connection to " + name(), e);
    }
  }

  private Result control(String command, String... options) {
    List<String> argv = new ArrayList<>(List.of("-O", command));
    argv.addAll(List.of(options));
    return Command.of(ssh(argv.toArray(String[]::new))).run();
  }

  private List<String> ssh(String... options) {
    List<String> argv = new ArrayList<>(wire());
    argv.addAll(
        List.of(
            "ssh",
            "-F",
            "/dev/null",
            "-S",
            directory.resolve("ssh").toString(),
            "-i",
            machines.key().toString(),
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
            "-o",
            "ServerAliveInterval=5",
            "-l",
            "root"));
    argv.addAll(List.of(options));
    argv.add(ipv4());
    return argv;
  }

  private List<String> wire() {
    return network.wire().enter();
  }

  private void awaitRunning() {
    Result state =
        Await.result(
            "the state 'running' of " + name(),
            TIME_TO_BOOT,
            () -> exec("systemctl", "is-system-running"),
            result -> result.out().equals("running") || result.out().equals("degraded"));
    if (!state.succeeded()) {
      throw new LabException(
          "booting host '%s' ended in the state '%s': %s"
              .formatted(
                  name(),
                  state.out(),
                  exec("systemctl", "list-units", "--failed", "--plain", "--no-legend").out()));
    }
  }

  @Override
  protected String journalOfAStoppedHost(List<String> journalctl) {
    throw new LabException("reading the journal of '%s': the machine is off".formatted(name()));
  }

  @Override
  public String console() {
    return sh("journalctl --quiet --no-pager --boot --dmesg").stdout();
  }

  @Override
  public String systemBusAddress() {
    Path bus = directory.resolve(UUID.randomUUID().toString().substring(0, 4));
    Result forwarded = control("forward", "-L", bus + ":/run/dbus/system_bus_socket");
    forwarded.ok();
    return "unix:path=" + bus;
  }

  @Override
  public List<String> enter() {
    if (!on) {
      throw new LabException("using host '%s': it is not running".formatted(name()));
    }
    StringBuilder environment = new StringBuilder("env -i");
    Command.ENVIRONMENT.forEach((key, value) -> environment.append(" %s=%s".formatted(key, value)));
    // A login shell gets what is asked for as one text, so every argument is quoted for it.
    String script =
        "exec %s -- %s \"$(printf '%%q ' \"$@\")\""
            .formatted(String.join(" ", ssh("-o", "ProxyCommand=false")), environment);
    return List.of("bash", "-c", script, "ssh");
  }
}
