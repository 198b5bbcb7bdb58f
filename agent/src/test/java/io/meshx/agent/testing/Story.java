// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.plan.Blueprint;
import io.meshx.agent.plan.MeshBlueprint;
import io.meshx.agent.plan.NothingBlueprint;
import io.meshx.agent.plan.Plan;
import io.meshx.agent.probe.RedirectProbe;
import io.meshx.agent.reconcile.Healed;
import io.meshx.agent.reconcile.Loop;
import io.meshx.agent.reconcile.Outcome;
import io.meshx.agent.reconcile.Report;
import io.meshx.agent.spire.SpirePaths;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The loop on a {@link FakeHost}, on the test's own thread and in its own time. What it tells is
 * the sequence of plans, each once.
 */
public final class Story {
  /** Is there while the host is drained. */
  public static final Path DRAINED = Path.of("/run/meshx-agent/drained");

  private static final int MOST_TURNS = 500;

  private final FakeHost host;
  private final Loop loop;
  private final List<String> plans = new ArrayList<>();
  private Instant now = Instant.parse("2027-01-01T00:00:00Z");
  private Plan last = new Plan(List.of(), List.of());
  private long changes;
  private Healed healed = Healed.NONE;

  private Story(FakeHost host, Blueprint blueprint) {
    this.host = host;
    InstantSource clock = () -> now;
    this.loop = new Loop(host.ports(), blueprint, Runnable::run, clock, this::take);
  }

  /** Begins with a configuration. */
  public static Story of(FakeHost host, AgentConfig config) {
    return new Story(host, blueprint(config));
  }

  /** The way back to nothing. */
  public static Story down(FakeHost host) {
    return new Story(host, new NothingBlueprint(Path.of("/var/lib/meshx-agent/spire/agent")));
  }

  private static Blueprint blueprint(AgentConfig config) {
    return new MeshBlueprint(
        config,
        SpirePaths.under(Path.of("/run/meshx-agent"), Path.of("/var/lib/meshx-agent")),
        RedirectProbe.Program.PACKAGED,
        Path.of("/sys/fs/bpf/meshx"),
        DRAINED);
  }

  private void take(Report report) {
    last = report.plan();
    changes = report.changes();
    healed = report.healed();
    String text = report.plan().text();
    if (plans.isEmpty() || !plans.getLast().equals(text)) {
      plans.add(text);
    }
  }

  /** Lets the host live and the loop turn until nothing moves any more. */
  public Story settle() {
    String before = "";
    for (int turn = 0; turn < MOST_TURNS; turn++) {
      host.live();
      loop.turn();
      String after = host + last.text();
      if (loop.quiet() && after.equals(before)) {
        return this;
      }
      before = after;
    }
    throw new AssertionError("the loop does not come to rest; its last plan:\n" + last.text());
  }

  /** Lets time pass, and what is due then happen. */
  public Story after(Duration time) {
    now = now.plus(time);
    return settle();
  }

  /** Puts another configuration in force. */
  public Story configure(AgentConfig config) {
    loop.configure(blueprint(config));
    return settle();
  }

  /** Somebody confirms the rules. */
  public Story confirm() {
    CompletableFuture<Outcome> answer = loop.confirm();
    settle();
    if (!(answer.join() instanceof Outcome.Done)) {
      throw new AssertionError("not confirmed: " + answer.join());
    }
    return this;
  }

  /** The plan of the last pass. */
  public Plan plan() {
    return last;
  }

  /** How often rules were put back. */
  public Healed healed() {
    return healed;
  }

  /** How many changes were started in all. */
  public long changes() {
    return changes;
  }

  /** The plans so far, each once, and none twice in a row. */
  public String told() {
    return String.join("----\n", plans);
  }
}
