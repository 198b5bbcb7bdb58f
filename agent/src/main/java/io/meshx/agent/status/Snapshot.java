// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.status;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.Problem;
import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.health.ProbeState;
import io.meshx.agent.health.Verdict;
import io.meshx.agent.identity.Freshness;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.plan.Look;
import io.meshx.agent.plan.Step;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.reconcile.Healed;
import io.meshx.agent.reconcile.Outcome;
import io.meshx.agent.reconcile.Report;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceState;
import io.meshx.agent.spire.AgentHealth;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The status as people and machines get it. The names of the components are those of the JSON form
 * and are kept from version to version.
 *
 * @param schema version of this form, 1
 * @param host name of the host
 * @param trustDomain trust domain that it joins
 * @param mode where identities come from: agent, external or demo
 * @param state {@code joined} or {@code joining}
 * @param warnings what is dangerous about this set-up, each in words
 * @param steps every step in order
 * @param spireAgent what the SPIRE agent says of itself
 * @param cluster what a cluster is told
 * @param probes what the probes of each workload say
 * @param svids every SVID that was issued, by workload name or "meshx-agent"; those that lie ready
 *     as files have " (files)" after it
 * @param held changes that wait before they are tried again, with the reason
 * @param configProblems what is wrong with the configuration on disk
 * @param lastFailure the last change that failed, or ""
 * @param passes passes since the agent started
 * @param changes changes since the agent started
 * @param changesOf how many of them were of what, such as "routes"
 * @param failures those of them that failed
 * @param heals how often redirect rules that somebody changed were put back
 * @param fullPassMillis how long the last complete look and plan took, or -1 before the first one
 */
public record Snapshot(
    int schema,
    String host,
    String trustDomain,
    String mode,
    String state,
    List<String> warnings,
    List<StepLine> steps,
    SpireAgentLine spireAgent,
    ClusterLine cluster,
    List<ProbeLine> probes,
    SortedMap<String, SvidLine> svids,
    SortedMap<String, String> held,
    List<String> configProblems,
    String lastFailure,
    long passes,
    long changes,
    SortedMap<String, Long> changesOf,
    long failures,
    HealsLine heals,
    double fullPassMillis) {

  /**
   * One step.
   *
   * @param state {@code done}, {@code changing}, {@code waiting} or {@code held}
   * @param detail what was seen, what is done, what is waited for, or what holds it
   */
  public record StepLine(String scope, String name, String state, String detail) {}

  /**
   * One SVID.
   *
   * @param id its SPIFFE ID
   * @param serial serial number in hexadecimal
   * @param notAfter end of validity, ISO 8601
   * @param secondsLeft seconds of validity left
   * @param rotations rotations seen since the agent started
   * @param lastRotation when this one came, ISO 8601
   * @param nextRotation when SPIRE should renew it, give or take a tenth, ISO 8601
   * @param freshness {@code fresh}, {@code late}, {@code ending} or {@code expired}
   * @param proxyNotAfter end of validity of the one that the proxy holds, ISO 8601, or ""
   */
  public record SvidLine(
      String id,
      String serial,
      String notAfter,
      long secondsLeft,
      int rotations,
      String lastRotation,
      String nextRotation,
      String freshness,
      String proxyNotAfter) {}

  /**
   * What the SPIRE agent says of itself.
   *
   * @param id its SPIFFE ID, or "" while it says nothing
   * @param notAfter end of validity of its own SVID, ISO 8601, or ""
   * @param secondsLeft seconds of that left, or 0
   * @param lastSync when it last heard from its server, ISO 8601, or ""
   * @param serving whether its Workload API answers
   */
  public record SpireAgentLine(
      String id, String notAfter, long secondsLeft, String lastSync, boolean serving) {
    static SpireAgentLine of(Report report) {
      return report.observed().spireAgent()
              instanceof Look.Saw<AgentHealth>(AgentHealth.Answers answers)
          ? new SpireAgentLine(
              answers.id().toString(),
              answers.expires().toString(),
              Duration.between(report.at(), answers.expires()).toSeconds(),
              answers.lastSync().map(Instant::toString).orElse(""),
              answers.serving())
          : new SpireAgentLine("", "", 0, "", false);
    }
  }

  /**
   * What the cluster is told.
   *
   * @param told whether one is told at all
   * @param answers whether its API answers
   * @param requests requests to it since the agent started
   * @param ready by ExternalWorkload, as NAMESPACE/NAME, whether it says that peers may choose it
   */
  public record ClusterLine(
      boolean told, boolean answers, long requests, SortedMap<String, Boolean> ready) {
    static ClusterLine of(Report report) {
      TreeMap<String, Boolean> ready = new TreeMap<>();
      if (!(report.observed().registry() instanceof Look.Saw<RegistryView>(RegistryView view))) {
        return new ClusterLine(false, false, 0, ready);
      }
      view.resources()
          .forEach((name, state) ->
              ready.put(
                  name.toString(),
                  state instanceof ResourceState.Present present && present.ready()));
      return new ClusterLine(
          !(view.api() instanceof ApiHealth.Unasked),
          view.api() instanceof ApiHealth.Answers,
          view.requests(),
          ready);
    }
  }

  /**
   * One probe of a workload.
   *
   * @param workload whose it is
   * @param target what it tries
   * @param state {@code passing}, {@code failing} or {@code pending}
   * @param detail how the last try failed, or ""
   * @param falls how often it has begun to fail since the workload started
   */
  public record ProbeLine(String workload, String target, String state, String detail, int falls) {
    static List<ProbeLine> of(Report report) {
      List<ProbeLine> lines = new ArrayList<>();
      if (report.observed().health()
          instanceof Look.Saw<SortedMap<WorkloadName, List<ProbeState>>>(var all)) {
        all.forEach((name, probes) -> probes.forEach(probe -> lines.add(of(name, probe))));
      }
      return lines;
    }

    private static ProbeLine of(WorkloadName name, ProbeState probe) {
      String target = probe.target().toString();
      return switch (probe.verdict()) {
        case Verdict.Passing _ -> new ProbeLine(name.text(), target, "passing", "", probe.falls());
        case Verdict.Failing(String why) ->
            new ProbeLine(name.text(), target, "failing", why, probe.falls());
        case Verdict.Pending(String last) ->
            new ProbeLine(name.text(), target, "pending", last, probe.falls());
      };
    }
  }

  /**
   * Redirect rules that were put back since the agent started.
   *
   * @param count how often
   * @param totalMillis how long all took together
   * @param longestMillis how long the slowest took
   * @param lastAt when the last ones were back, ISO 8601, or ""
   * @param lastMillis how long that took, or -1
   * @param lastBy who had changed them, or "" where nobody knows
   */
  public record HealsLine(
      long count,
      double totalMillis,
      double longestMillis,
      String lastAt,
      double lastMillis,
      String lastBy) {
    static HealsLine of(Healed healed) {
      return new HealsLine(
          healed.count(),
          healed.total().toNanos() / 1e6,
          healed.longest().toNanos() / 1e6,
          healed.last().map(heal -> heal.at().toString()).orElse(""),
          healed.last().map(heal -> heal.took().toNanos() / 1e6).orElse(-1.0),
          healed.last().flatMap(Healed.Heal::by).map(Disturber::toString).orElse(""));
    }
  }

  /**
   * The snapshot of a report.
   *
   * @param config what is configured
   * @param current whether the report is of a plan for that; else nothing has joined yet
   */
  public static Snapshot of(Report report, AgentConfig config, boolean current) {
    String mode =
        switch (config.spire()) {
          case AgentConfig.Spire.Agent _ -> "agent";
          case AgentConfig.Spire.External _ -> "external";
          case AgentConfig.Spire.Demo _ -> "demo";
        };
    TreeMap<String, SvidLine> svids = new TreeMap<>();
    if (report.observed().svids() instanceof Look.Saw<SortedMap<String, SvidState>>(var seen)) {
      seen.forEach((key, state) -> {
        if (state instanceof SvidState.Issued issued) {
          svids.put(
              key,
              new SvidLine(
                  issued.id().toString(),
                  issued.serial(),
                  issued.notAfter().toString(),
                  Duration.between(report.at(), issued.notAfter()).toSeconds(),
                  issued.rotations(),
                  issued.seen().toString(),
                  Freshness.renewal(issued.notBefore(), issued.notAfter()).toString(),
                  issued.freshness().name().toLowerCase(Locale.ROOT),
                  ofProxy(report, key)));
        }
      });
    }
    TreeMap<String, String> held = new TreeMap<>();
    report.held().forEach((target, why) -> held.put(target.toString(), why));
    return new Snapshot(
        1,
        config.host().name().text(),
        config.mesh().trustDomain().text(),
        mode,
        current && report.plan().complete() && report.problems().isEmpty() ? "joined" : "joining",
        Stream.concat(warnings(config).stream(), report.plan().warnings().stream()).toList(),
        report.plan().steps().stream().map(Snapshot::line).toList(),
        SpireAgentLine.of(report),
        ClusterLine.of(report),
        ProbeLine.of(report),
        svids,
        held,
        report.problems().stream().map(Problem::toString).toList(),
        lastFailure(report),
        report.passes(),
        report.changes(),
        changesOf(report),
        report.failures(),
        HealsLine.of(report.healed()),
        report.fullPass().map(pass -> pass.toNanos() / 1e6).orElse(-1.0));
  }

  private static SortedMap<String, Long> changesOf(Report report) {
    TreeMap<String, Long> changes = new TreeMap<>();
    report.changesOf().forEach((aspect, number) -> changes.put(aspect.text(), number));
    return changes;
  }

  private static String ofProxy(Report report, String workload) {
    if (report.observed().proxies()
        instanceof Look.Saw<SortedMap<WorkloadName, ProxyHealth>>(var proxies)) {
      for (Map.Entry<WorkloadName, ProxyHealth> proxy : proxies.entrySet()) {
        if (proxy.getKey().text().equals(workload)
            && proxy.getValue() instanceof ProxyHealth.Ready(String _, Instant expiry)) {
          return expiry.toString();
        }
      }
    }
    return "";
  }

  /** What is dangerous about a configuration, each in words. */
  public static List<String> warnings(AgentConfig config) {
    return switch (config.spire()) {
      case AgentConfig.Spire.Agent _, AgentConfig.Spire.External _ -> List.of();
      case AgentConfig.Spire.Demo _ ->
          List.of(
              "mode demo: the private key of the mesh's trust anchor is on this host;"
                  + " never do this in production");
    };
  }

  /** Whether all is joined and the configuration is right. */
  public boolean joined() {
    return state.equals("joined");
  }

  private static StepLine line(Step step) {
    return switch (step.progress()) {
      case Step.Progress.Done(String detail) ->
          new StepLine(step.scope(), step.name(), "done", detail);
      case Step.Progress.Changing changing ->
          new StepLine(
              step.scope(),
              step.name(),
              "changing",
              String.join("; ", changing.changes().stream().map(Object::toString).toList()));
      case Step.Progress.Waiting(String forWhat) ->
          new StepLine(step.scope(), step.name(), "waiting", "waits for " + forWhat);
      case Step.Progress.Held(String by) ->
          new StepLine(step.scope(), step.name(), "held", "after " + by);
    };
  }

  private static String lastFailure(Report report) {
    for (Outcome outcome : report.outcomes().reversed()) {
      if (outcome instanceof Outcome.Failed failed) {
        return failed.at() + " " + failed.change() + ": " + failed.why();
      }
    }
    return "";
  }

  /** The form for people: what holds the join first, then every step. */
  public String text() {
    StringBuilder text = new StringBuilder();
    long open = steps.stream().filter(step -> !step.state().equals("done")).count();
    text.append(host)
        .append(joined() ? " has joined " : " is not fully joined to ")
        .append(trustDomain)
        .append(" (mode ")
        .append(mode)
        .append(open == 0 ? ")" : "), " + open + " of " + steps.size() + " steps to go")
        .append('\n');
    warnings.forEach(warning -> text.append("WARNING: ").append(warning).append('\n'));
    configProblems.forEach(
        problem -> text.append("configuration not applied: ").append(problem).append('\n'));
    String scope = "";
    for (StepLine step : steps) {
      if (!step.scope().equals(scope)) {
        scope = step.scope();
        text.append('\n').append(scope).append('\n');
      }
      text.append(
          String.format("  %-8s %-15s %s%n", word(step.state()), step.name(), step.detail()));
    }
    if (!svids.isEmpty()) {
      text.append("\nSVIDs\n");
      svids.forEach((key, svid) ->
          text.append(
              String.format(
                  "  %-15s %s  serial %s  %d s left  %d rotations seen%s%n",
                  key,
                  svid.id(),
                  svid.serial(),
                  svid.secondsLeft(),
                  svid.rotations(),
                  svid.freshness().equals("fresh")
                      ? ""
                      : "  " + svid.freshness().toUpperCase(Locale.ROOT))));
      if (!spireAgent.id().isEmpty()) {
        text.append(
            String.format(
                "  %-15s %s  %d s left  last heard from its server %s%n",
                "SPIRE agent",
                spireAgent.id(),
                spireAgent.secondsLeft(),
                spireAgent.lastSync().isEmpty() ? "not yet" : "at " + spireAgent.lastSync()));
      }
    }
    if (heals.count() > 0) {
      text.append(
          String.format(
              "%nRedirect rules were put back %d times, last %s after %.0f ms; changed by %s%n",
              heals.count(),
              heals.lastAt(),
              heals.lastMillis(),
              heals.lastBy().isEmpty() ? "somebody unknown" : heals.lastBy()));
    }
    if (!held.isEmpty()) {
      text.append("\nTried again later\n");
      held.forEach(
          (target, why) -> text.append("  ").append(target).append(": ").append(why).append('\n'));
    }
    if (!lastFailure.isEmpty()) {
      text.append("\nLast failure\n  ").append(lastFailure).append('\n');
    }
    return text.toString();
  }

  private static String word(String state) {
    return switch (state) {
      case "done" -> "ok";
      case "held" -> "-";
      default -> state;
    };
  }
}
