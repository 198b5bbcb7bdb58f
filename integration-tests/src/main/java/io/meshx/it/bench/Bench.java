// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.bench;

import com.google.gson.JsonObject;
import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import io.meshx.it.packages.Rebuild;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Measures what the project promises about time and memory, most of it as a ratio to something else
 * on the same host in the same run, prints the figures beside their goals and writes them to a
 * file. It passes whatever it measures.
 */
public final class Bench {
  private static final int PAIRS = 5;
  private static final String STATUS_RUNS = "11";
  private static final int READY_RUNS = 7;
  private static final int REQUESTS_PER_SECOND = 50;
  private static final String PASSES = "3";
  private static final String APPLIES = "30";
  private static final String IDLE_SECONDS = "60";
  private static final String SETTLE_SECONDS = "150";
  private static final String SERVICE_IP = "10.96.7.2";
  private static final String SPIRE_DATA = "/var/lib/meshx-agent/spire/agent";
  private static final String ATTESTED = Clock.DIRECTORY + "/attested";

  private final Mesh mesh;
  private final int pairs;
  private final Figures figures = new Figures();
  private final Workload web = Workload.first("web");
  private final Workload more = Workload.numbered("more", 1);
  private final Workload rotating = Workload.numbered("rotating", 2);
  private final Workload api = Workload.first("api");
  private final MeshHost host;
  private final Clock clock;
  private final String url;

  private Bench(Mesh mesh, int pairs) {
    this.mesh = mesh;
    this.pairs = pairs;
    // An agent's identity must last longer than this: it is put back before each run.
    SpireServer server =
        mesh.spireServer(SpireServer.Settings.DEFAULT.withAgentTtl(Duration.ofHours(24)));
    List<MeshHost> hosts =
        mesh.hosts(
            MeshHost.spec("vm1", Debian.BOOKWORM).withPackages(Disturbances.packages()),
            MeshHost.spec("vm2", Debian.BOOKWORM));
    this.host = hosts.getFirst();
    host.host().sh("systemctl disable --quiet --now firewalld ufw").ok();
    MeshHost peer = hosts.getLast();
    mesh.set(peer, MeshHost.Mode.AGENT, api);
    mesh.set(host, MeshHost.Mode.AGENT, web, more);
    host.prepare(web, more, rotating);
    server.createEntry(
        host.alias(),
        rotating.spiffeId(),
        Duration.ofSeconds(20),
        "unix:uid:" + host.host().exec("id", "-u", "meshx-proxy").ok().out(),
        "systemd:id:" + rotating.proxyUnit());
    Mesh.onAll(hosts, MeshHost::join);
    this.url = mesh.service(SERVICE_IP, peer, api);
    this.clock = new Clock(host.host());
  }

  /** Runs all; the argument is the file for the figures, then perhaps the number of pairs. */
  public static void main(String[] args) {
    Path file = Path.of(args.length > 0 ? args[0] : "integration-tests/target/bench.json");
    int pairs = args.length > 1 ? Integer.parseInt(args[1]) : PAIRS;
    int status = 0;
    try (Mesh mesh = Mesh.open()) {
      Figures figures = new Bench(mesh, pairs).run();
      figures.write(file);
      Step.note(
          "\n" + figures.table() + "\nEach is a median with its range; all runs are in " + file);
    } catch (LabException e) {
      System.err.println("bench: " + e.getMessage());
      status = 1;
    }
    System.exit(status);
  }

  private Figures run() {
    figures.about("proxy", Cache.proxy().standIn() ? "stand-in" : "linkerd2-proxy");
    figures.about("host", host.host().description());
    joins();
    quiet();
    new Fleet(mesh, figures).run();
    return figures;
  }

  /** Joins by the agent and by hand in turn, the host first and then one more workload. */
  private void joins() {
    Host it = host.host();
    ByHand byHand;
    try (Step step = Step.of("prepare the join by hand")) {
      byHand = ByHand.prepare(host, mesh.spireServer(), List.of(web, more));
      it.sh("cp -a %s %s".formatted(SPIRE_DATA, ATTESTED)).ok();
      it.sh("mv %s %s".formatted(more.path(), Clock.DIRECTORY)).ok();
      host.meshx("down").ok();
      it.exec("systemctl", "disable", "--quiet", MeshHost.AGENT_UNIT).ok();
      step.done();
    }
    List<Double> joinAgent = new ArrayList<>();
    List<Double> joinByHand = new ArrayList<>();
    List<Double> addAgent = new ArrayList<>();
    List<Double> addByHand = new ArrayList<>();
    for (int pair = 0; pair <= pairs; pair++) {
      restore(SPIRE_DATA);
      double join = first(web, List.of("systemctl", "start", MeshHost.AGENT_UNIT));
      host.awaitJoined();
      double add = first(more, List.of("cp", Clock.DIRECTORY + "/more.toml", more.path()));
      host.drop(more);
      host.meshx("down").ok();
      restore(ByHand.data());
      double joinHand = first(web, ByHand.join(web));
      double addHand = first(more, ByHand.add(more));
      byHand.leave();
      String round = pair == 0 ? "warm-up" : "pair " + pair + " of " + pairs;
      Step.note(
          String.format(
              Locale.ROOT,
              "%s: join %.0f ms, by hand %.0f ms; add %.0f ms, by hand %.0f ms",
              round,
              join,
              joinHand,
              add,
              addHand));
      if (pair > 0) {
        joinAgent.add(join);
        joinByHand.add(joinHand);
        addAgent.add(add);
        addByHand.add(addHand);
      }
    }
    ratio("join", new Numbers(joinAgent), new Numbers(joinByHand), 2.0);
    ratio("add", new Numbers(addAgent), new Numbers(addByHand), 1.3);
  }

  private void ratio(String name, Numbers agent, Numbers byHand, double goal) {
    figures.add(name + "_ratio", 2, agent.by(byHand), goal);
    figures.add(name + "_ms", 0, agent);
    figures.add(name + "_by_hand_ms", 0, byHand);
  }

  /** Puts the SPIRE agent's identity as it was, so that no run attests and none begins expired. */
  private void restore(String data) {
    host.host().sh("rm -rf %1$s; cp -a %2$s %1$s".formatted(data, ATTESTED)).ok();
  }

  /** Milliseconds from a command's start to a workload's first request through both proxies. */
  private double first(Workload workload, List<String> command) {
    List<String> arguments =
        new ArrayList<>(
            List.of("first", Integer.toString(workload.port()), url, workload.spiffeId()));
    arguments.addAll(command);
    return clock.number(arguments.toArray(String[]::new));
  }

  /** What is downloaded, and what an upgrade costs those who send requests meanwhile. */
  private void packages() {
    try (Step step = Step.of("upgrade under load")) {
      figures.add("package_mb", 1, megabytes(MeshHost.deb()), 25);
      figures.add("rpm_mb", 1, megabytes(Rebuild.here().rpm()), 36);
      Load load = host.load(web, url, REQUESTS_PER_SECOND);
      host.install();
      host.awaitJoined();
      figures.add("upgrade_failed_requests", 0, Numbers.of(load.end().failed()), 0);
      List<Double> ready = new ArrayList<>();
      for (int run = 0; run < READY_RUNS; run++) {
        ready.add(millisToStart());
        host.awaitJoined();
      }
      figures.add("ready_ms", 0, new Numbers(ready), 350);
      step.done();
    }
  }

  /** From the command to start the agent until it has told systemd that it is in charge. */
  private double millisToStart() {
    String micros =
        host.host()
            .sh(
                "systemctl stop %1$s; s=$(date +%%s%%N); systemctl start %1$s; e=$(date +%%s%%N);"
                        .formatted(MeshHost.AGENT_UNIT)
                    + " echo $(((e - s) / 1000))")
            .ok()
            .out();
    return Double.parseDouble(micros) / 1000;
  }

  private static Numbers megabytes(Path file) {
    try {
      return Numbers.of(Files.size(file) / 1e6);
    } catch (IOException e) {
      throw new LabException("asking for the size of '" + file + "'", e);
    }
  }

  /** What a joined host costs when nothing happens. */
  private void quiet() {
    restore(SPIRE_DATA);
    host.start();
    host.awaitJoined();
    packages();
    try (Step step = Step.of("be idle, once the Java runtime has compiled what is used")) {
      clock.take("idle", SETTLE_SECONDS, MeshHost.AGENT_UNIT);
      JsonObject idle =
          clock
              .take("idle", IDLE_SECONDS, MeshHost.AGENT_UNIT, MeshHost.SPIRE_AGENT_UNIT)
              .getAsJsonObject();
      double agent = number(idle, MeshHost.AGENT_UNIT, "rss_mb");
      double spire = number(idle, MeshHost.SPIRE_AGENT_UNIT, "rss_mb");
      figures.add("rss_ratio", 2, Numbers.of(agent / spire), 1.2);
      figures.add("rss_mb", 1, Numbers.of(agent));
      figures.add("spire_agent_rss_mb", 1, Numbers.of(spire));
      figures.add(
          "idle_cpu_permille",
          1,
          Numbers.of(10 * number(idle, MeshHost.AGENT_UNIT, "cpu_percent")),
          3);
      // On some machines a wake-up costs several times what it does on others.
      figures.add(
          "spire_agent_idle_cpu_permille",
          1,
          Numbers.of(10 * number(idle, MeshHost.SPIRE_AGENT_UNIT, "cpu_percent")));
      step.done();
    }
    Numbers pass;
    try (Step step = Step.of("look at passes and at the status")) {
      pass = clock.numbers("passes", PASSES);
      figures.add("pass_ms", 1, pass, 30);
      figures.add("status_ms", 0, clock.numbers("command", STATUS_RUNS, "meshx", "status"), 150);
      step.done();
    }
    try (Step step = Step.of("put rules in " + APPLIES + " times")) {
      String listed = Clock.DIRECTORY + "/rules.nft";
      host.host().sh("nft --stateless list table inet meshx >" + listed).ok();
      JsonObject took = clock.takeApart("applies", APPLIES, listed).getAsJsonObject();
      Numbers ours = Clock.numbers(took.get("ours"));
      figures.add("apply_ratio", 2, ours.by(Clock.numbers(took.get("proxy_init"))));
      figures.add("rules_10_workloads_ratio", 2, Clock.numbers(took.get("ten")).by(ours));
      figures.add("apply_ms", 1, ours);
      step.done();
    }
    try (Step step = Step.of("wait for a rotation")) {
      host.add(rotating);
      host.awaitJoined();
      figures.add(
          "rotation_visible_ms",
          0,
          Numbers.of(clock.number("rotation", rotating.name(), Integer.toString(rotating.admin()))),
          100);
      step.done();
    }
    twenty(pass);
    new Disturbances(host, clock, web, url, figures).run();
  }

  /** A start of the agent with twenty workloads, and what they cost; then one is left. */
  private void twenty(Numbers passOfOne) {
    List<Workload> others = new ArrayList<>();
    for (int number = 3; number < 22; number++) {
      others.add(Workload.numbered("w" + number, number));
    }
    try (Step step = Step.of("join twenty workloads")) {
      host.prepare(others.toArray(Workload[]::new));
      others.forEach(each -> host.registerWorkload(mesh.spireServer(), each));
      host.drop(rotating);
      host.awaitJoined();
      // Whoever joins next finds the entries in the SPIRE server's cache, which is made every 5 s.
      clock.numbers("passes", "1");
      host.meshx("down").ok();
      restore(SPIRE_DATA);
      others.forEach(host::add);
      long began = System.nanoTime();
      host.start();
      host.awaitJoined();
      figures.add("twenty_join_s", 1, Numbers.of((System.nanoTime() - began) / 1e9));
      step.done();
    }
    try (Step step = Step.of("look at passes and memory with twenty workloads")) {
      figures.add("pass_20_ratio", 2, clock.numbers("passes", PASSES).by(passOfOne));
      JsonObject idle =
          clock
              .take("idle", IDLE_SECONDS, MeshHost.AGENT_UNIT, MeshHost.SPIRE_AGENT_UNIT)
              .getAsJsonObject();
      figures.add("rss_20_mb", 1, Numbers.of(number(idle, MeshHost.AGENT_UNIT, "rss_mb")));
      figures.add(
          "idle_20_cpu_percent", 2, Numbers.of(number(idle, MeshHost.AGENT_UNIT, "cpu_percent")));
      others.forEach(host::drop);
      host.awaitJoined();
      step.done();
    }
  }

  private static double number(JsonObject idle, String unit, String name) {
    return idle.getAsJsonObject(unit).get(name).getAsDouble();
  }
}
