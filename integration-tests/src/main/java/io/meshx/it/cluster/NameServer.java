// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cluster;

import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.LabException;
import io.meshx.it.net.Namespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A DNS server that knows the names it was given and no other: it answers NXDOMAIN for the rest. It
 * is dnsmasq.
 */
public final class NameServer implements AutoCloseable {
  private final String what;
  private final Namespace namespace;
  private final Cgroup group;
  private final String address;
  private final Path hosts;
  private final Path log;
  private final Map<String, List<String>> records = new TreeMap<>();
  private Daemon daemon;

  private NameServer(
      String what, Namespace namespace, Cgroup group, String address, Path hosts, Path log)
      throws IOException {
    this.what = what;
    this.namespace = namespace;
    this.group = group;
    this.address = address;
    this.hosts = hosts;
    this.log = log;
    Files.writeString(hosts, "");
    this.daemon = launch();
  }

  /**
   * Starts one.
   *
   * @param address an address of the namespace, the only one it listens on, at port 53
   * @throws LabException when it does not answer
   */
  static NameServer start(
      String what, Namespace namespace, Cgroup group, String address, Path directory) {
    try {
      return new NameServer(
          what,
          namespace,
          group,
          address,
          directory.resolve(what + ".hosts"),
          directory.resolve(what + ".log"));
    } catch (IOException e) {
      throw new LabException("starting the name server '" + what + "'", e);
    }
  }

  private Daemon launch() {
    List<String> argv = new ArrayList<>(namespace.enter());
    argv.addAll(
        List.of(
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=",
            "--user=root",
            "--no-resolv",
            "--no-hosts",
            "--no-negcache",
            "--local=//",
            "--local=/#/",
            "--bind-interfaces",
            "--listen-address=" + address,
            "--addn-hosts=" + hosts,
            "--log-queries",
            "--log-facility=-"));
    Daemon started = Daemon.start("name server " + what, group, argv, Map.of(), log);
    started.awaitReady(
        "answers",
        Duration.ofSeconds(10),
        () ->
            namespace.run("dig", "+short", "+tries=1", "+time=1", "@" + address, ".").succeeded());
    return started;
  }

  /** Where it listens. */
  public String address() {
    return address;
  }

  /**
   * Gives a name its addresses, in place of those it had; without any the name is gone. The server
   * knows when this returns.
   *
   * @param name without a dot at the end
   * @param addresses IPv4 or IPv6
   */
  public synchronized void record(String name, String... addresses) {
    if (addresses.length == 0) {
      records.remove(name);
    } else {
      records.put(name, List.of(addresses));
    }
    StringBuilder text = new StringBuilder();
    records.forEach(
        (each, all) -> all.forEach(one -> text.append(one).append(' ').append(each).append('\n')));
    try {
      Files.writeString(hosts, text);
    } catch (IOException e) {
      throw new LabException("writing '" + hosts + "'", e);
    }
    if (!daemon.alive()) {
      return; // It reads the file when it starts.
    }
    int before = readings();
    Command.of("kill", "-HUP", Long.toString(daemon.pid())).run().ok();
    daemon.awaitReady("the new records", Duration.ofSeconds(5), () -> readings() > before);
  }

  private int readings() {
    return (int) daemon.log().lines().filter(line -> line.contains("read " + hosts)).count();
  }

  /** What it was asked and what it answered, line by line, oldest first. */
  public List<String> log() {
    return daemon.log().lines().toList();
  }

  /** Ends it, so that nothing answers; {@link #start()} brings it back with its records. */
  public synchronized void stop() {
    daemon.kill();
  }

  /** Starts it again after {@link #stop}. */
  public synchronized void start() {
    if (!daemon.alive()) {
      daemon = launch();
    }
  }

  @Override
  public void close() {
    daemon.close();
  }
}
