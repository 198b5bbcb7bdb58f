// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host.nspawn;

import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.Isolation;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.host.EnteredHost;
import io.meshx.it.host.HostSpec;
import io.meshx.it.net.LabId;
import io.meshx.it.net.Namespace;
import io.meshx.it.net.Network;
import io.meshx.it.net.Station;
import io.meshx.it.net.Uplink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A Debian host as a systemd-nspawn container: real systemd, D-Bus, resolved and netfilter, booted
 * in under a second. What it writes goes to a directory of its own, over an image shared by all. It
 * differs from a machine of its own: one kernel with this machine, no udev, no {@code
 * CAP_SYS_RESOURCE} (file limits above 20000 are clamped), no clock of its own.
 */
public final class NspawnHost extends EnteredHost {
  private static final Duration TIME_TO_BOOT = Duration.ofSeconds(60);
  private static final Duration TIME_TO_STOP = Duration.ofSeconds(100);

  /** nspawn's exit status when the host rebooted and nspawn itself was told to keep its unit. */
  private static final int REBOOTED = 133;

  /**
   * Runs in mount and process namespaces of its own, so that the overlay and every process go with
   * it. The tmpfs keeps nspawn from leaving its propagation directory on this machine.
   */
  private static final String LAUNCH =
      """
      image=$1 dir=$2; shift 2
      mkdir -p /run/systemd/nspawn
      mount -t tmpfs tmpfs /run/systemd/nspawn
      mount -t overlay overlay -o "lowerdir=$image,upperdir=$dir/up,workdir=$dir/work" "$dir/root"
      exec "$@"
      """;

  /**
   * Process 1 of the host before systemd. nspawn mounts the version 1 controllers read-only, and
   * then limits are accepted and not enforced; and it leaves out the BPF file system of real hosts.
   */
  private static final String INIT =
      """
      #!/bin/sh
      for c in cpu cpuacct cpuset memory pids blkio freezer devices; do
        if [ -d /sys/fs/cgroup/$c ]; then mount -o remount,bind,rw /sys/fs/cgroup/$c; fi
      done
      if mount -o remount,bind,rw /sys; then
        mkdir -p /sys/fs/bpf && mount -t bpf -o nosuid,nodev,noexec,mode=0700 bpf /sys/fs/bpf
        mount -o remount,bind,ro /sys
      fi
      exec /lib/systemd/systemd "$@"
      """;

  private static final String INIT_PATH = "/usr/local/sbin/lab-init";

  private final HostSpec spec;
  private final Station station;
  private final Network network;
  private final Path directory;
  private final Image image;
  private final Cgroup group;
  private final Namespace namespace;
  private final Uplink uplink;
  private @Nullable Daemon nspawn;
  private long leader;
  private boolean removed;

  private NspawnHost(
      LabId id, HostSpec spec, Station station, Network network, Path directory, Uplink uplink) {
    this.spec = spec;
    this.station = station;
    this.network = network;
    this.directory = directory;
    this.uplink = uplink;
    this.image = Image.of(spec.debian(), spec.packages());
    this.group = Cgroup.named(id.name(spec.name()));
    this.namespace = Namespace.named(id.name(spec.name()));
  }

  /**
   * Makes a host, not yet booted.
   *
   * @param station its place on the wire
   * @param directory where its disk is kept; it must not exist
   * @param uplink its way out and its name server
   * @throws LabException when its image cannot be built or its directory not be made
   */
  public static NspawnHost create(
      LabId id, HostSpec spec, Station station, Network network, Path directory, Uplink uplink) {
    NspawnHost host = new NspawnHost(id, spec, station, network, directory, uplink);
    try {
      host.furnish();
    } catch (IOException e) {
      throw new LabException("furnishing host '%s' in '%s'".formatted(spec.name(), directory), e);
    }
    return host;
  }

  private void furnish() throws IOException {
    Files.createDirectories(directory);
    for (String part : List.of("up", "work", "root")) {
      makeDirectory(directory.resolve(part));
    }
    put(INIT_PATH, INIT, "rwxr-xr-x");
    put("/etc/hostname", name() + "\n", "rw-r--r--");
    // Without one systemd takes the boot for the first and resets what is enabled.
    put("/etc/machine-id", UUID.randomUUID().toString().replace("-", "") + "\n", "r--r--r--");
    put(
        "/etc/hosts",
        "127.0.0.1 localhost\n::1 localhost\n%s %s\n".formatted(ipv4(), name()),
        "rw-r--r--");
    String nameServer = "DNS=" + uplink.resolver() + "\n";
    put(
        "/etc/systemd/resolved.conf.d/lab.conf",
        "[Resolve]\n%sDNSSEC=no\nDNSOverTLS=no\nLLMNR=no\nMulticastDNS=no\nFallbackDNS=\n"
            .formatted(spec.networkd() ? "" : nameServer),
        "rw-r--r--");
    if (spec.networkd()) {
      put("/etc/systemd/network/10-eth0.network", networkdFile() + nameServer, "rw-r--r--");
      link("multi-user.target.wants/systemd-networkd.service", "systemd-networkd.service");
      link("sockets.target.wants/systemd-networkd.socket", "systemd-networkd.socket");
      link("dbus-org.freedesktop.network1.service", "systemd-networkd.service");
    }
    Files.createSymbolicLink(
        directory.resolve("up/etc/resolv.conf"),
        Path.of("../run/systemd/resolve/stub-resolv.conf"));
  }

  private String networkdFile() {
    return """
    [Match]
    Name=eth0
    [Network]
    IPv6AcceptRA=no
    IPv6DuplicateAddressDetection=0
    Address=%s/%d
    Address=%s/%d
    Gateway=%s
    Gateway=%s
    """
        .formatted(
            ipv4(),
            Station.IPV4_BITS,
            ipv6(),
            Station.IPV6_BITS,
            uplink.gateway().ipv4(),
            uplink.gateway().ipv6());
  }

  private void link(String name, String unit) throws IOException {
    Path path = directory.resolve("up/etc/systemd/system").resolve(name);
    makeMissing(path);
    Files.createSymbolicLink(path, Path.of("/usr/lib/systemd/system").resolve(unit));
  }

  /** Before the first boot only: the overlay must not change below a running host. */
  private void put(String path, String content, String permissions) throws IOException {
    Path file = directory.resolve("up").resolve(path.substring(1));
    makeMissing(file);
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  /** Makes the directories above a file, each with its mode: it hides the image's. */
  private static void makeMissing(Path file) throws IOException {
    List<Path> missing = new ArrayList<>();
    for (@Nullable Path above = file.getParent();
        above != null && !Files.exists(above);
        above = above.getParent()) {
      missing.add(above);
    }
    for (Path each : missing.reversed()) {
      makeDirectory(each);
    }
  }

  private static void makeDirectory(Path path) throws IOException {
    Files.createDirectory(path);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public String description() {
    return spec.debian().title() + ", " + Image.layout(spec.debian());
  }

  @Override
  public String ipv4() {
    return station.ipv4();
  }

  @Override
  public String ipv6() {
    return station.ipv6();
  }

  /** Its network namespace; made anew at every boot. */
  public Namespace namespace() {
    return namespace;
  }

  @Override
  public boolean running() {
    return nspawn != null && nspawn.alive();
  }

  @Override
  public boolean removed() {
    return removed;
  }

  @Override
  public void boot() {
    if (removed || running()) {
      throw new LabException(
          "booting host '%s': it is %s".formatted(name(), removed ? "removed" : "running already"));
    }
    try (Step step = Step.of("boot host %s (%s)".formatted(name(), description()))) {
      takeDown();
      connect();
      group.create();
      nspawn =
          Daemon.start(
              "host " + name(), group, launch(), environment(), directory.resolve("console.log"));
      awaitBooted(nspawn);
      step.done();
    }
  }

  private void connect() {
    Namespace.create(namespace.name());
    network.attach(name(), namespace, "eth0", station);
    if (!spec.networkd()) {
      namespace.ip(station.addresses("eth0"));
      namespace.ip(
          "route add default via " + uplink.gateway().ipv4(),
          "route add ::/0 via " + uplink.gateway().ipv6());
    }
  }

  private List<String> launch() {
    List<String> argv = new ArrayList<>();
    argv.addAll(Isolation.PREFIX);
    argv.addAll(
        List.of(
            "bash", "-ec", LAUNCH, "launch", image.directory().toString(), directory.toString()));
    argv.addAll(
        List.of(
            "systemd-nspawn",
            "--quiet",
            "--settings=no",
            "--machine=" + group.name(),
            "--hostname=" + name(),
            "--directory=" + directory.resolve("root"),
            "--register=no",
            "--keep-unit",
            "--network-namespace-path=" + namespace.path(),
            // A host of its own has these; nspawn does not give them with a network namespace.
            "--capability=CAP_NET_ADMIN,CAP_BPF,CAP_PERFMON,CAP_IPC_LOCK",
            "--system-call-filter=bpf keyctl @keyring",
            "--console=pipe",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
            "--kill-signal=SIGRTMIN+3"));
    spec.mounts().forEach((at, from) -> argv.add("--bind-ro=" + from + ":" + at));
    argv.add(INIT_PATH);
    return argv;
  }

  private Map<String, String> environment() {
    // "network" alone: with more the host could change kernel parameters of this machine.
    String network = "SYSTEMD_NSPAWN_API_VFS_WRITABLE";
    return spec.debian() == Debian.TRIXIE
        ? Map.of(
            network,
            "network",
            "UNIFIED_CGROUP_HIERARCHY",
            "1",
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY",
            "1")
        : Map.of(network, "network");
  }

  private void awaitBooted(Daemon daemon) {
    daemon.awaitReady(
        "systemd as process 1",
        TIME_TO_BOOT,
        () -> {
          Optional<ProcessHandle> systemd = findLeader(daemon.pid());
          systemd.ifPresent(found -> leader = found.pid());
          return systemd.isPresent();
        });
    String[] state = new String[] {""};
    daemon.awaitReady(
        "the state 'running'",
        TIME_TO_BOOT,
        () -> {
          state[0] = exec("systemctl", "is-system-running").out();
          return state[0].equals("running") || state[0].equals("degraded");
        });
    if (!state[0].equals("running")) {
      throw new LabException(
          "booting host '%s' ended in the state '%s': %s"
              .formatted(
                  name(),
                  state[0],
                  exec("systemctl", "list-units", "--failed", "--plain", "--no-legend").out()));
    }
    if (spec.networkd()) {
      exec("/usr/lib/systemd/systemd-networkd-wait-online", "--interface=eth0", "--timeout=20")
          .ok();
    }
  }

  /** unshare has one child, nspawn, and that has systemd for a child when the host is set up. */
  private static Optional<ProcessHandle> findLeader(long unshare) {
    return ProcessHandle.of(unshare).stream()
        .flatMap(ProcessHandle::children)
        .flatMap(ProcessHandle::children)
        .filter(each -> comm(each.pid()).equals("systemd"))
        .findFirst();
  }

  private static String comm(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
    } catch (IOException e) {
      return ""; // It ended.
    }
  }

  @Override
  public void reboot() {
    int status = stop("reboot");
    if (status != REBOOTED) {
      throw new LabException(
          "rebooting host '%s': nspawn ended with status %d instead of %d: %s"
              .formatted(name(), status, REBOOTED, console()));
    }
    boot();
  }

  @Override
  public void shutdown() {
    int status = stop("poweroff");
    if (status != 0) {
      throw new LabException(
          "shutting down host '%s': nspawn ended with status %d: %s"
              .formatted(name(), status, console()));
    }
  }

  private int stop(String how) {
    Daemon daemon = nspawn();
    try (Step step = Step.of(how + " host " + name())) {
      exec("systemctl", how); // What it answers does not count: the bus may go before the answer.
      int status = daemon.awaitExit(TIME_TO_STOP);
      takeDown();
      step.done();
      return status;
    }
  }

  @Override
  public void kill() {
    Daemon daemon = nspawn();
    try (Step step = Step.of("kill host " + name())) {
      daemon.kill();
      takeDown();
      step.done();
    }
  }

  /** Nothing in the kernel is left of it after this; its disk is. */
  private void takeDown() {
    if (nspawn != null) {
      nspawn.kill();
      nspawn = null;
    }
    group.remove();
    network.detach(name());
    namespace.close();
  }

  @Override
  public void remove() {
    if (removed) {
      return;
    }
    removed = true;
    takeDown();
    Command.of("rm", "-rf", "--one-file-system", directory.toString())
        .within(Duration.ofMinutes(2))
        .run()
        .ok();
  }

  @Override
  protected String journalOfAStoppedHost(List<String> journalctl) {
    Path journal = directory.resolve("up/var/log/journal");
    if (!Files.isDirectory(journal)) {
      return "";
    }
    List<String> argv = new ArrayList<>(journalctl);
    argv.add("--directory=" + journal);
    return Command.of(argv).run().ok().stdout();
  }

  /** Since the first boot: systemd's and nspawn's own words. */
  @Override
  public String console() {
    try {
      return Files.readString(directory.resolve("console.log"));
    } catch (IOException e) {
      return "no console: " + e;
    }
  }

  @Override
  public String systemBusAddress() {
    nspawn();
    return "unix:path=/proc/" + leader + "/root/run/dbus/system_bus_socket";
  }

  @Override
  public List<String> enter() {
    nspawn();
    return List.of("nsenter", "--target", Long.toString(leader), "--all", "--");
  }

  private Daemon nspawn() {
    Daemon daemon = nspawn;
    if (daemon == null || !daemon.alive()) {
      throw new LabException("using host '%s': it is not running".formatted(name()));
    }
    return daemon;
  }
}
