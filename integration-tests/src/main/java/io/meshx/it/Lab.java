// SPDX-License-Identifier: Apache-2.0
package io.meshx.it;

import io.meshx.it.cluster.Cluster;
import io.meshx.it.exec.AtOnce;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.host.HostSpec;
import io.meshx.it.host.nspawn.NspawnHost;
import io.meshx.it.host.vagrant.Machines;
import io.meshx.it.host.vagrant.VagrantHost;
import io.meshx.it.net.LabId;
import io.meshx.it.net.Network;
import io.meshx.it.net.Station;
import io.meshx.it.net.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A wire with a cluster and Linux hosts on it, apart from all other labs and from this machine's
 * own network. The hosts are made on this machine, or are the whole machines of a run of Vagrant.
 * Everything in it is removed by {@link #close}, also when this process is asked to end; what a
 * killed process leaves, the next lab sweeps.
 */
public final class Lab implements AutoCloseable {
  private static final int FIRST_HOST = 11;

  /** Where whole machines are reached from. */
  private static final Station SELF = new Station(253);

  private final WorkDirectory directory;
  private final Thread hook;
  private final Optional<Machines> machines = Machines.ofThisRun();
  private final List<Host> hosts = new ArrayList<>();
  private final Network network;
  private final Cluster cluster;
  private int nextStation = FIRST_HOST;
  private boolean closed;

  private Lab() {
    this.directory = WorkDirectory.create();
    this.hook = new Thread(() -> Sweep.remove(directory.id()), "close lab " + directory.id());
    Runtime.getRuntime().addShutdownHook(hook);
    try (Step step = Step.of("lay out lab " + directory.id())) {
      this.network = Network.create(directory.id());
      machines.ifPresent(all -> network.take(all.wire(), SELF));
      this.cluster = Cluster.create(directory.id(), network, directory.path().resolve("cluster"));
      step.done();
    } catch (RuntimeException e) {
      end();
      throw e;
    }
  }

  /**
   * Sweeps what dead labs left and lays out a new one, with a cluster and without hosts.
   *
   * @throws LabException when this machine lacks something, for example root
   */
  public static Lab open() {
    Sweep.run().forEach(each -> Step.note("sweep: remains: " + each));
    return new Lab();
  }

  /** Its name, by which all that it has on this machine is found. */
  public LabId id() {
    return directory.id();
  }

  public Cluster cluster() {
    return cluster;
  }

  public Network network() {
    return network;
  }

  /**
   * Makes a host and boots it.
   *
   * @throws LabException when it does not come up
   */
  public Host host(HostSpec spec) {
    Host host = create(spec);
    host.boot();
    return host;
  }

  /**
   * Makes several hosts and boots them at the same time; in the order of the arguments.
   *
   * @throws LabException when one does not come up
   */
  public List<Host> hosts(HostSpec... specs) {
    List<Host> made = Stream.of(specs).map(this::create).toList();
    AtOnce.all("booting hosts", made, Host::boot);
    return made;
  }

  private synchronized Host create(HostSpec spec) {
    Station station = new Station(nextStation++);
    Path files = directory.path().resolve("hosts").resolve(spec.name());
    Host host =
        machines
            .<Host>map(all -> VagrantHost.of(id(), spec, station, network, files, all))
            .orElseGet(
                () -> NspawnHost.create(id(), spec, station, network, files, Cluster.uplink()));
    hosts.add(host);
    return host;
  }

  /**
   * Writes what is known about every host and the cluster's parts, for somebody who was not there:
   * journals, consoles, snapshots, logs. Goes on after a failure.
   *
   * @param into a directory; it is made
   */
  public synchronized void report(Path into) {
    for (Host host : hosts) {
      if (host.removed()) {
        continue;
      }
      keep(into.resolve(host.name() + ".journal"), () -> host.journal("*"));
      keep(into.resolve(host.name() + ".console"), host::console);
      if (host.running()) {
        keep(into.resolve(host.name() + ".snapshot"), () -> HostSnapshot.of(host).toString());
      }
    }
    try (Stream<Path> logs = Files.list(cluster.logs())) {
      logs.filter(each -> each.toString().endsWith(".log"))
          .forEach(each -> keep(into.resolve("cluster-" + each.getFileName()), () -> text(each)));
    } catch (IOException e) {
      Step.note("report: listing '%s': %s".formatted(cluster.logs(), e));
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new LabException("reading '" + file + "'", e);
    }
  }

  private static void keep(Path file, Supplier<String> content) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, content.get());
    } catch (IOException | LabException e) {
      Step.note("report: writing '%s': %s".formatted(file, e));
    }
  }

  /**
   * Removes everything of it. No harm if it is closed already.
   *
   * @throws LabException when something remains, with a line for each
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (Step step = Step.of("remove lab " + id())) {
      List<String> remains = end();
      if (!remains.isEmpty()) {
        throw new LabException("removing lab %s: remains: %s".formatted(id(), remains));
      }
      step.done();
    }
  }

  private List<String> end() {
    List<String> remains = Sweep.remove(directory.id());
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs, and finds nothing.
    }
    return remains;
  }
}
