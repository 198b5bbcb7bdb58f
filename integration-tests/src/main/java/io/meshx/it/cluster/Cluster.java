// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cluster;

import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.net.LabId;
import io.meshx.it.net.Namespace;
import io.meshx.it.net.Network;
import io.meshx.it.net.Station;
import io.meshx.it.net.Uplink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the hosts find on the wire: a namespace that stands for a Kubernetes cluster, with its
 * gateway, pod and service addresses and DNS, and another that stands for the rest of the world,
 * with the hosts' default gateway and their ordinary name server. From the world there is no way
 * into the cluster: a host without the right routes does not reach a pod.
 */
public final class Cluster implements AutoCloseable {
  /** The cluster's gateway: pod and service addresses are reached through it. */
  public static final Station GATEWAY = new Station(1);

  /** The default gateway of hosts. */
  public static final Station WORLD = new Station(254);

  /** The ordinary name server of hosts. */
  public static final Station RESOLVER = new Station(53);

  /** Pod addresses, none of which is there unless {@link #addAddress} adds it. */
  public static final String POD_CIDR = "10.244.0.0/16";

  /** Service addresses; only the one of the DNS service is there. */
  public static final String SERVICE_CIDR = "10.96.0.0/16";

  /** The address of the cluster's DNS service. */
  public static final String DNS_SERVICE = "10.96.0.10";

  /** A name of the world that only the ordinary name server knows. */
  public static final String WORLD_NAME = "www.example.org";

  /** What {@link #WORLD_NAME} resolves to; an address of the world's namespace. */
  public static final String WORLD_ADDRESS = "192.0.2.80";

  private final LabId id;
  private final Path directory;
  private final Cgroup group;
  private final Namespace namespace;
  private final Namespace world;
  private final NameServer dns;
  private final NameServer resolver;

  private Cluster(LabId id, Network network, Path directory) {
    this.id = id;
    this.directory = directory;
    this.group = Cgroup.named(id.name("cluster")).create();
    this.namespace = Namespace.create(id.name("cluster"));
    this.world = Namespace.create(id.name("world"));
    network.attach("cluster", namespace, "eth0", GATEWAY);
    namespace.ip(GATEWAY.addresses("eth0"));
    namespace.ip("addr add %s/32 dev lo".formatted(DNS_SERVICE));
    network.attach("world", world, "eth0", WORLD);
    world.ip(WORLD.addresses("eth0"));
    world.ip(
        "addr add %s/%d dev eth0".formatted(RESOLVER.ipv4(), Station.IPV4_BITS),
        "addr add %s/32 dev lo".formatted(WORLD_ADDRESS));
    // A router says at once that it knows no way; a machine that does not forward says nothing.
    namespace.sysctl("net/ipv4/ip_forward", "1");
    world.sysctl("net/ipv4/ip_forward", "1");
    world.sysctl("net/ipv6/conf/all/forwarding", "1");
    this.dns = NameServer.start("dns", namespace, group, DNS_SERVICE, directory);
    this.resolver = NameServer.start("resolver", world, group, RESOLVER.ipv4(), directory);
    resolver.record(WORLD_NAME, WORLD_ADDRESS);
  }

  /**
   * Makes it on a wire.
   *
   * @param directory for its files; it is made
   * @throws LabException when a part of it cannot be made; what was made is found by its names
   */
  public static Cluster create(LabId id, Network network, Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new LabException("making '" + directory + "'", e);
    }
    return new Cluster(id, network, directory);
  }

  /** The way out that hosts have: into the world, not into the cluster. */
  public static Uplink uplink() {
    return new Uplink(WORLD, RESOLVER.ipv4());
  }

  /** Where pods and services are. */
  public Namespace namespace() {
    return namespace;
  }

  /** Where everything else is. */
  public Namespace world() {
    return world;
  }

  /** The cluster's DNS, for names below cluster.local; it knows none at first. */
  public NameServer dns() {
    return dns;
  }

  /** The ordinary name server of the hosts; it knows {@link #WORLD_NAME}. */
  public NameServer resolver() {
    return resolver;
  }

  /** Gives the cluster a pod's or a service's address. */
  public void addAddress(String ipv4) {
    namespace.ip("addr add %s/32 dev lo".formatted(ipv4));
  }

  /** Takes an address away, as when a pod is gone. */
  public void removeAddress(String ipv4) {
    namespace.ip("addr del %s/32 dev lo".formatted(ipv4));
  }

  /** Runs a command where the pods are. */
  public Result run(String... argv) {
    return namespace.run(argv);
  }

  /**
   * Starts a program where the pods are; it ends with the cluster at the latest.
   *
   * @param name short, for its log file and messages
   */
  public Daemon start(String name, List<String> argv, Map<String, String> environment) {
    List<String> all = new ArrayList<>(namespace.enter());
    all.addAll(argv);
    return Daemon.start(name, group, all, environment, directory.resolve(name + ".log"));
  }

  /** A directory for the files of one of its parts; it is there. */
  public Path directory(String name) {
    Path made = directory.resolve(name);
    try {
      Files.createDirectories(made);
    } catch (IOException e) {
      throw new LabException("making '" + made + "'", e);
    }
    return made;
  }

  /** The directory with the logs of all its parts. */
  public Path logs() {
    return directory;
  }

  @Override
  public void close() {
    group.remove(); // All programs of the cluster run in it.
    namespace.close();
    world.close();
  }

  @Override
  public String toString() {
    return "cluster of " + id;
  }
}
