// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent;

import io.meshx.agent.cli.Directories;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.config.ConfigWatch;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.plan.Aspect;
import io.meshx.agent.plan.Blueprint;
import io.meshx.agent.plan.Look;
import io.meshx.agent.reconcile.Loop;
import io.meshx.agent.reconcile.Narrator;
import io.meshx.agent.reconcile.Outcome;
import io.meshx.agent.reconcile.Report;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.status.ControlSocket;
import io.meshx.agent.status.ExitStatus;
import io.meshx.agent.status.MetricsEndpoint;
import io.meshx.agent.status.ServiceNotifier;
import io.meshx.agent.status.Snapshot;
import io.meshx.agent.status.SnapshotJson;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The long-running agent: the loop, and around it what talks to systemd, to the command and to
 * Prometheus. When it ends, the host stays as it is.
 */
public final class Daemon {
  private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
  private static final String WAIT = "wait ";
  private static final Pattern DRAIN = Pattern.compile("drain ([0-9]{1,5})");
  private static final long STOP_SECONDS = 5;
  private static final long CONFIRM_SECONDS = 10;

  /** Passes follow each other within milliseconds; systemd asks for a sign once a minute. */
  private static final Duration ALIVE = Duration.ofSeconds(5);

  private final ServiceNotifier notifier;
  private final Function<AgentConfig, Blueprint> blueprints;
  private final Runnable removeRules;
  private final Runnable fallSilent;
  private final Path configuration;
  private final Path control;
  private final Narrator narrator = new Narrator(LOG::info);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Object reported = new Object();
  private volatile AgentConfig config;
  private volatile Optional<Report> latest = Optional.empty();
  private boolean ready;
  private volatile boolean stopping;
  private String told = "";
  private Instant toldAlive = Instant.MIN;

  /**
   * Not started yet.
   *
   * @param removeRules takes the redirect rules away; run at the end if the configuration says so
   * @param fallSilent has the cluster not take the end for the host's
   * @param configuration directory that is read again when it changes
   * @param control where the socket for the commands is made
   */
  Daemon(
      AgentConfig config,
      ServiceNotifier notifier,
      Function<AgentConfig, Blueprint> blueprints,
      Runnable removeRules,
      Runnable fallSilent,
      Path configuration,
      Path control) {
    this.config = config;
    this.notifier = notifier;
    this.blueprints = blueprints;
    this.removeRules = removeRules;
    this.fallSilent = fallSilent;
    this.configuration = configuration;
    this.control = control;
  }

  /** Takes the report of each pass; runs on the loop's thread. */
  void report(Report report) {
    synchronized (reported) {
      latest = Optional.of(report);
      reported.notifyAll();
    }
    narrator.accept(report);
    if (!report.at().isBefore(toldAlive.plus(ALIVE))) {
      toldAlive = report.at();
      notifier.alive();
    }
    if (!ready && report.observed().units() instanceof Look.Saw<?>) {
      ready = true;
      notifier.ready();
    }
    String line = summary(report);
    if (!line.equals(told)) {
      told = line;
      notifier.status(line);
    }
  }

  private static String summary(Report report) {
    long open = report.plan().steps().stream().filter(step -> !step.done()).count();
    return open == 0
        ? "everything is as desired"
        : open + " of " + report.plan().steps().size() + " steps to go, see 'meshx status'";
  }

  /** Runs until SIGTERM. */
  ExitStatus run(Loop running) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> shutDown(running), "shutdown"));
    Thread.ofVirtual().name("config-watch").start(() -> watchConfig(running));
    try (ControlSocket _ = ControlSocket.open(control, question -> answer(question, running))) {
      Thread.ofVirtual().name("metrics").start(this::openMetrics);
      running.run();
      fallSilent.run();
      if (config.packetFilter().removedOnStop()) {
        LOG.info("stops; units and routes stay as they are, rules go (firewall.on_agent_stop)");
        removeRules.run();
      } else {
        LOG.info("stops; units, rules and routes stay as they are");
      }
      return ExitStatus.OK;
    } catch (IOException e) {
      LOG.error("opening control socket '{}' failed: {}", control, e.getMessage());
      return ExitStatus.FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitStatus.FAILED;
    } finally {
      ended.countDown();
    }
  }

  private void shutDown(Loop running) {
    if (ended.getCount() == 0) {
      return;
    }
    notifier.stopping();
    synchronized (reported) {
      stopping = true;
      reported.notifyAll();
    }
    running.stop();
    try {
      if (!ended.await(STOP_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("the loop did not end within {} s", STOP_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void openMetrics() {
    try {
      MetricsEndpoint.open(
          config.metrics().port(), () -> latest.map(this::snapshot), InstantSource.system());
    } catch (IOException e) {
      LOG.error(
          "opening the metrics endpoint at 127.0.0.1:{} failed: {}; set another metrics.port",
          config.metrics().port(),
          e.getMessage());
    }
  }

  private void watchConfig(Loop running) {
    try (ConfigWatch watch =
        ConfigWatch.of(configuration, () -> Set.of(config.mesh().trustAnchorsFile()))) {
      while (watch.await()) {
        reload(running);
      }
    } catch (IOException e) {
      LOG.error(
          "watching '{}' failed: {}; restart the agent to apply changes",
          configuration,
          e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What was read last may not be planned yet. */
  private Snapshot snapshot(Report report) {
    AgentConfig read = config;
    return Snapshot.of(report, read, report.blueprint().equals(blueprints.apply(read)));
  }

  private synchronized void reload(Loop running) {
    try {
      AgentConfig read = Wiring.configReader().read(configuration, config);
      if (!read.equals(config)) {
        config = read;
        LOG.info("configuration read again: workloads {}", read.workloads().keySet());
        running.configure(blueprints.apply(read));
      } else {
        running.misconfigured(List.of());
      }
    } catch (ConfigException e) {
      e.problems().forEach(problem -> LOG.warn("configuration not applied: {}", problem));
      running.misconfigured(e.problems());
    }
  }

  private ControlSocket.Answer confirm(Loop running) {
    if (config.packetFilter().confirmWithin().isEmpty()) {
      return new ControlSocket.Answer(
          ExitStatus.OK,
          "nothing to confirm: every change stays, since firewall.confirm_within is not set\n");
    }
    try {
      return switch (running.confirm().get(CONFIRM_SECONDS, TimeUnit.SECONDS)) {
        case Outcome.Done _ ->
            new ControlSocket.Answer(
                ExitStatus.OK, "confirmed: the redirect rules as they are configured now stay\n");
        case Outcome.Failed failed ->
            new ControlSocket.Answer(ExitStatus.FAILED, "not confirmed: " + failed.why() + "\n");
      };
    } catch (ExecutionException | TimeoutException e) {
      return new ControlSocket.Answer(
          ExitStatus.FAILED, "not confirmed: no answer within " + CONFIRM_SECONDS + " s\n");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ControlSocket.Answer(ExitStatus.FAILED, "not confirmed: the agent stops\n");
    }
  }

  /** Answers when the traffic of a workload is redirected, however long that takes. */
  private ControlSocket.Answer await(String workload) {
    try {
      synchronized (reported) {
        while (!stopping && latest.filter(report -> mayStart(report, workload)).isEmpty()) {
          reported.wait();
        }
      }
      return stopping
          ? new ControlSocket.Answer(ExitStatus.NOT_RUNNING, "the agent stops\n")
          : new ControlSocket.Answer(ExitStatus.OK, "workload " + workload + " may start\n");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ControlSocket.Answer(ExitStatus.NOT_RUNNING, "the agent stops\n");
    }
  }

  /** Answers when peers have heard that this host is drained, or nobody can be told. */
  private ControlSocket.Answer drain(Duration patience, Loop running) {
    if (config.kubernetes().isEmpty()) {
      return new ControlSocket.Answer(
          ExitStatus.OK, "no cluster is told of workloads: kubernetes.server is not set\n");
    }
    long end = System.nanoTime() + patience.toNanos();
    running.lookAgain(Aspect.FACTS);
    try {
      synchronized (reported) {
        while (!stopping && latest.filter(Daemon::drained).isEmpty()) {
          Optional<String> silent = latest.flatMap(Daemon::silentCluster);
          long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
          if (silent.isPresent() || left <= 0) {
            return new ControlSocket.Answer(
                ExitStatus.FAILED,
                "not drained: "
                    + silent
                        .map(why -> "peers cannot be told, " + why)
                        .orElse("not all peers have heard within " + patience.toSeconds() + " s")
                    + "; it goes on, see 'meshx status'\n");
          }
          reported.wait(left);
        }
      }
      return stopping
          ? new ControlSocket.Answer(ExitStatus.NOT_RUNNING, "the agent stops\n")
          : new ControlSocket.Answer(
              ExitStatus.OK, "drained: peers choose no workload of this host\n");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ControlSocket.Answer(ExitStatus.NOT_RUNNING, "the agent stops\n");
    }
  }

  private static boolean drained(Report report) {
    return report.observed().facts() instanceof Look.Saw<HostFacts>(HostFacts facts)
        && facts.files().containsKey(Directories.DRAINED)
        && report.plan().told();
  }

  /** Why the cluster has not answered for so long that nobody waits for it. */
  private static Optional<String> silentCluster(Report report) {
    return report.observed().registry() instanceof Look.Saw<RegistryView>(RegistryView view)
            && view.api() instanceof ApiHealth.Fails(String why, boolean lasting)
            && lasting
        ? Optional.of(why)
        : Optional.empty();
  }

  private boolean mayStart(Report report, String workload) {
    boolean known = config.workloads().keySet().stream().anyMatch(n -> n.text().equals(workload));
    return !known || report.plan().mayStart(workload);
  }

  /** Questions that have something changed. */
  private static boolean changes(String question) {
    return List.of("undrain", "reload", "confirm").contains(question)
        || DRAIN.matcher(question).matches();
  }

  private ControlSocket.Answer answer(ControlSocket.Question asked, Loop running) {
    String question = asked.text();
    if (changes(question) && !asked.mayChange()) {
      return new ControlSocket.Answer(
          ExitStatus.NO_PERMISSION, "that changes something, and is for root\n");
    }
    if (question.startsWith(WAIT)) {
      return await(question.substring(WAIT.length()));
    }
    if (latest.isEmpty()) {
      return new ControlSocket.Answer(ExitStatus.NOT_READY, "the agent has just started\n");
    }
    Matcher drain = DRAIN.matcher(question);
    if (drain.matches()) {
      return drain(Duration.ofSeconds(Long.parseLong(drain.group(1))), running);
    }
    if (question.equals("undrain")) {
      running.lookAgain(Aspect.FACTS);
      return new ControlSocket.Answer(
          ExitStatus.OK,
          "peers are told again of the workloads of this host, see 'meshx status'\n");
    }
    if (question.equals("reload")) {
      reload(running);
      return new ControlSocket.Answer(ExitStatus.OK, "the configuration was read\n");
    }
    Report report = latest.get();
    Snapshot snapshot = snapshot(report);
    ExitStatus status = snapshot.joined() ? ExitStatus.OK : ExitStatus.NOT_READY;
    return switch (question) {
      case "status" -> new ControlSocket.Answer(status, snapshot.text());
      case "status json" -> new ControlSocket.Answer(status, SnapshotJson.text(snapshot));
      case "confirm" -> confirm(running);
      case "plan" -> new ControlSocket.Answer(status, report.plan().text());
      default ->
          new ControlSocket.Answer(ExitStatus.USAGE, "no such question: '" + question + "'\n");
    };
  }
}
