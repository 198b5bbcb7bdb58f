// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.bench;

import io.meshx.it.exec.Step;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What others do to our rules, each under the load of a closed workload. */
final class Disturbances {
  private static final int LOAD = 50;
  private static final int MANY = 200;
  private static final int SOME = 20;

  /**
   * One of them.
   *
   * @param name begins the names of its figures
   * @param rounds how often
   * @param shell what is done
   */
  private record Disturbance(String name, int rounds, String shell) {}

  /** The rules as Docker puts them there, first, and takes them away. */
  private static final String DOCKER =
      """
      iptables -t nat -N DOCKER
      iptables -t nat -I PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
      iptables -t nat -I OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
      iptables -t nat -A DOCKER -p tcp --dport 9999 -j DNAT --to-destination 172.17.0.2:80
      iptables -t nat -D PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
      iptables -t nat -D OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
      iptables -t nat -F DOCKER
      iptables -t nat -X DOCKER
      """;

  private static final List<Disturbance> IN_NFTABLES =
      List.of(
          new Disturbance(
              "restart_nftables",
              SOME,
              "systemctl reset-failed nftables.service; systemctl restart nftables.service"));

  private static final List<Disturbance> IN_IPTABLES =
      List.of(
          new Disturbance("flush_nat", MANY, "iptables -t nat -F"),
          new Disturbance("docker_chain", SOME, DOCKER));

  private static final List<Disturbance> OF_FIREWALLD =
      List.of(
          new Disturbance("firewalld_reload", SOME, "firewall-cmd --reload"),
          new Disturbance("firewalld_complete_reload", SOME, "firewall-cmd --complete-reload"),
          new Disturbance(
              "firewalld_restart",
              SOME,
              "systemctl reset-failed firewalld; systemctl restart firewalld"));

  private static final List<Disturbance> OF_UFW =
      List.of(new Disturbance("ufw_reload", SOME, "ufw reload"));

  private final MeshHost host;
  private final Clock clock;
  private final Workload workload;
  private final String url;
  private final Figures figures;

  /** On a joined host with firewalld and ufw, both off. */
  Disturbances(MeshHost host, Clock clock, Workload workload, String url, Figures figures) {
    this.host = host;
    this.clock = clock;
    this.workload = workload;
    this.url = url;
    this.figures = figures;
  }

  /** The packages that they need. */
  static String[] packages() {
    return new String[] {"firewalld", "ufw"};
  }

  void run() {
    try (Step step = Step.of("flush the rules " + MANY + " times")) {
      Load load = host.closedLoad(workload, url, LOAD);
      Numbers heals = heals("nftables", MANY, "nft flush ruleset");
      Load.Summary summary = load.end();
      figures.add("heal_p99_ms", 0, Numbers.of(heals.percentile(99)), 200);
      figures.add("heal_ms", 0, heals);
      figures.add("heal_in_plaintext", 0, Numbers.of(summary.plain()), 0);
      figures.add("heal_failed_percent", 1, failed(summary));
      step.done();
    }
    IN_NFTABLES.forEach(each -> measure("nftables", each));
    host.configure(host.toml(MeshHost.Mode.AGENT).withText("firewall.backend", "iptables"));
    host.awaitJoined();
    IN_IPTABLES.forEach(each -> measure("iptables", each));
    host.host().sh("sed -i s/^RFC3964_IPv4=.*/RFC3964_IPv4=no/ /etc/firewalld/firewalld.conf").ok();
    around("systemctl start firewalld", OF_FIREWALLD, "systemctl stop firewalld");
    around("ufw --force enable; ufw allow 4143/tcp", OF_UFW, "ufw --force disable");
    host.configure(host.toml(MeshHost.Mode.AGENT));
    host.awaitJoined();
  }

  private void around(String before, List<Disturbance> all, String after) {
    host.host().sh(before).ok();
    host.awaitJoined();
    all.forEach(each -> measure("iptables", each));
    host.host().sh(after).ok();
    host.awaitJoined();
  }

  private void measure(String backend, Disturbance disturbance) {
    try (Step step = Step.of(disturbance.name() + ", " + disturbance.rounds() + " times")) {
      Load load = host.closedLoad(workload, url, LOAD);
      Numbers heals = heals(backend, disturbance.rounds(), disturbance.shell());
      Load.Summary summary = load.end();
      figures.add(disturbance.name() + "_p99_ms", 0, Numbers.of(heals.percentile(99)));
      figures.add(disturbance.name() + "_ms", 0, heals);
      figures.add(disturbance.name() + "_in_plaintext", 0, Numbers.of(summary.plain()), 0);
      figures.add(disturbance.name() + "_failed_percent", 1, failed(summary));
      step.done();
    }
  }

  private Numbers heals(String backend, int rounds, String shell) {
    List<String> arguments = new ArrayList<>(List.of("heals", Integer.toString(rounds), backend));
    return clock.numbers(
        Stream.concat(arguments.stream(), Stream.of("sh", "-ec", shell)).toArray(String[]::new));
  }

  private static Numbers failed(Load.Summary summary) {
    return Numbers.of(100.0 * summary.failed() / summary.sent());
  }
}
