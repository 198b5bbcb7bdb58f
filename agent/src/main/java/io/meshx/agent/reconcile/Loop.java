// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.config.Problem;
import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.model.HostException;
import io.meshx.agent.plan.Aspect;
import io.meshx.agent.plan.Blueprint;
import io.meshx.agent.plan.Change;
import io.meshx.agent.plan.Desired;
import io.meshx.agent.plan.HostState;
import io.meshx.agent.plan.Look;
import io.meshx.agent.plan.Plan;
import io.meshx.agent.plan.Planner;
import io.meshx.agent.plan.Target;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.unit.OurUnits;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Observes, plans, applies and reports, again and again. One thread runs it, makes every decision
 * and starts every change; it never waits for one. Looks and changes run on the workers, and come
 * back as events. A target that was changed is looked at again before it is changed again.
 */
public final class Loop {
  private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
  private static final int OUTCOMES_KEPT = 50;

  /** How often everything is looked at whatever happens, also what is reported when it changes. */
  private static final Duration RESYNC = Duration.ofSeconds(30);

  /**
   * Least time between two looks at the rules on a host where others change theirs all the time.
   */
  private static final Duration RULES_CALM = Duration.ofMillis(50);

  /** The same for routes: a router's table changes all the time. */
  private static final Duration ROUTES_CALM = Duration.ofMillis(250);

  /** How long a unit that runs may be of no use before its log is read. */
  private static final Duration TROUBLE = Duration.ofMillis(500);

  /**
   * How long after new SVIDs it is of use to ask others about them; a join does not wait for it.
   */
  private static final Duration LATER = Duration.ofSeconds(1);

  /** How long after it became incomplete a plan is pursued with the shortest intervals. */
  private static final Duration EAGER_FOR = Duration.ofSeconds(5);

  private sealed interface Event {
    record LookAgain(Aspect aspect) implements Event {}

    record Looked(Aspect aspect, UnaryOperator<HostState> news) implements Event {}

    record RulesChanged(Optional<Disturber> by) implements Event {}

    record Applied(Outcome outcome) implements Event {}

    record Configured(Blueprint blueprint) implements Event {}

    record Misconfigured(List<Problem> problems) implements Event {}

    record Confirm(CompletableFuture<Outcome> answer) implements Event {}

    record Stop() implements Event {}
  }

  /** One aspect's looks: counted, so that "a look that began after this" can be asked for. */
  private static final class Watch {
    private Instant due = Instant.MAX;
    private Instant last = Instant.MIN;
    private boolean running;
    private boolean again;
    private long begun;
    private long ended;
  }

  private final HostPorts ports;
  private final Looks looks;
  private final Applier applier;
  private final Executor workers;
  private final InstantSource clock;
  private final Consumer<Report> reports;
  private final LinkedBlockingQueue<Event> inbox = new LinkedBlockingQueue<>();
  private final Map<Aspect, Watch> watches = new EnumMap<>(Aspect.class);
  private final Map<Target, Optional<Long>> busy = new HashMap<>();
  private final Backoff backoff = new Backoff();
  private final Patience patience = new Patience();
  private final Heals heals = new Heals();
  private final ArrayDeque<Outcome> outcomes = new ArrayDeque<>();
  private final EnumSet<Aspect> fullPassOpen = EnumSet.noneOf(Aspect.class);

  private Blueprint blueprint;
  private Optional<Desired> desired = Optional.empty();
  private HostState state = HostState.UNSEEN;
  private Plan plan = Planner.plan(Desired.NOTHING, HostState.UNSEEN);
  private List<Problem> problems = List.of();
  private Instant nextResync = Instant.MIN;
  private Optional<Instant> incompleteSince = Optional.empty();
  private Instant fullPassBegan = Instant.MIN;
  private Optional<Duration> fullPass = Optional.empty();
  private long passes;
  private long changes;
  private final EnumMap<Aspect, Long> changesOf = new EnumMap<>(Aspect.class);
  private long failures;
  private boolean stopped;

  /** When the look at the rules began that came in with this turn, if one did. */
  private Optional<Instant> rulesLooked = Optional.empty();

  /** Whether the plan is for another state or another wish: most looks find what was there. */
  private boolean outdated;

  /**
   * Makes a loop that has not looked at anything yet.
   *
   * @param ports the host
   * @param blueprint what is wanted
   * @param workers run looks and changes
   * @param clock the time
   * @param reports gets a report after each pass, on the loop's thread; must not block
   */
  public Loop(
      HostPorts ports,
      Blueprint blueprint,
      Executor workers,
      InstantSource clock,
      Consumer<Report> reports) {
    this.ports = ports;
    this.looks = new Looks(ports);
    this.applier = new Applier(ports);
    this.blueprint = blueprint;
    this.workers = workers;
    this.clock = clock;
    this.reports = reports;
    for (Aspect aspect : Aspect.values()) {
      watches.put(aspect, new Watch());
    }
    ports.units().onChange(() -> lookAgain(Aspect.UNITS));
    ports.foreignUnits().onChange(() -> lookAgain(Aspect.FOREIGN_UNITS));
    ports.routes().onChange(() -> lookAgain(Aspect.ROUTES));
    ports.dns().onChange(() -> lookAgain(Aspect.DNS));
    ports.inlets().onChange(this::firewallLoaded);
    ports.identities().onChange(() -> lookAgain(Aspect.SVIDS));
    ports.health().onChange(() -> lookAgain(Aspect.HEALTH));
    ports.registry().onChange(() -> lookAgain(Aspect.REGISTRY));
    ports.ruleWatch().onChange(who -> inbox.add(new Event.RulesChanged(who)));
  }

  /** Says that an aspect may have changed; from any thread. */
  public void lookAgain(Aspect aspect) {
    inbox.add(new Event.LookAgain(aspect));
  }

  /** It may have taken rules of ours with it, which the kernel reports only in part. */
  private void firewallLoaded() {
    lookAgain(Aspect.INLETS);
    lookAgain(Aspect.RULES);
  }

  /** Puts another blueprint in force; from any thread. */
  public void configure(Blueprint next) {
    inbox.add(new Event.Configured(next));
  }

  /** Reports what is wrong with the configuration on disk; the last good one stays in force. */
  public void misconfigured(List<Problem> found) {
    inbox.add(new Event.Misconfigured(found));
  }

  /**
   * Confirms the rules that are wanted now, on trial or not yet; from any thread.
   *
   * @return how that ended, once it has
   */
  public CompletableFuture<Outcome> confirm() {
    CompletableFuture<Outcome> answer = new CompletableFuture<>();
    inbox.add(new Event.Confirm(answer));
    return answer;
  }

  /** Ends {@link #run} after the pass under way; the host stays as it is. From any thread. */
  public void stop() {
    inbox.add(new Event.Stop());
  }

  /**
   * Runs until {@link #stop}, or until the calling thread is interrupted.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void run() throws InterruptedException {
    while (!stopped) {
      turn();
      if (!stopped && inbox.isEmpty()) {
        Event event = inbox.poll(untilNextDue().toNanos(), TimeUnit.NANOSECONDS);
        if (event != null) {
          handle(event);
        }
      }
    }
  }

  /** One pass: takes in what came, starts the looks that are due, plans, and starts changes. */
  public void turn() {
    for (Event event = inbox.poll(); event != null; event = inbox.poll()) {
      handle(event);
    }
    Instant now = clock.instant();
    if (desired.isPresent()) {
      ports.identities().follow(desired.get().svidQueries());
      ports
          .registry()
          .follow(
              desired.get().cluster().map(Desired.ClusterPart::access), desired.get().resources());
      ports.health().follow(Looks.watched(desired.get(), state));
      ports
          .registry()
          .followNodes(
              desired.get().cluster().map(Desired.ClusterPart::followsNodes).orElse(false));
      ports.registry().vouch(desired.get().cluster().flatMap(Desired.ClusterPart::lease));
    }
    startDueLooks(now);
    if (outdated) {
      plan = desired.map(wanted -> Planner.plan(wanted, state)).orElse(plan);
      outdated = false;
    }
    rulesLooked.ifPresent(began -> noteHeal(began, now));
    rulesLooked = Optional.empty();
    incompleteSince = plan.complete() ? Optional.empty() : Optional.of(incompleteSince.orElse(now));
    passes++;
    if (fullPassOpen.isEmpty() && !fullPassBegan.equals(Instant.MIN)) {
      fullPass = Optional.of(Duration.between(fullPassBegan, clock.instant()));
      fullPassBegan = Instant.MIN;
    }
    startChanges(now);
    reports.accept(report(now));
  }

  private void noteHeal(Instant began, Instant now) {
    if (state.rules() instanceof Look.Saw<HostRules>(HostRules there)
        && desired.flatMap(Desired::host).isPresent()) {
      Optional<HostRules> wanted = Optional.empty();
      for (Change change : plan.changes()) {
        if (change instanceof Change.ApplyRules(HostRules rules, String _)) {
          wanted = Optional.of(rules);
        }
      }
      heals
          .looked(there, wanted, began, now)
          .ifPresent(heal ->
              LOG.atInfo()
                  .addKeyValue("heal", heals.healed().count())
                  .log(
                      "redirect rules are back after {} ms; changed by {}",
                      heal.took().toMillis(),
                      heal.by().map(Disturber::toString).orElse("somebody unknown")));
    }
  }

  private Report report(Instant now) {
    return new Report(
        now,
        blueprint,
        plan,
        state,
        backoff.waiting(now),
        List.copyOf(outcomes),
        passes,
        changes,
        new EnumMap<>(changesOf),
        failures,
        heals.healed(),
        fullPass,
        problems);
  }

  /** Whether nothing is under way and nothing is due yet. */
  public boolean quiet() {
    return inbox.isEmpty()
        && busy.isEmpty()
        && watches.values().stream().noneMatch(watch -> watch.running)
        && watches.values().stream().noneMatch(watch -> !watch.due.isAfter(clock.instant()));
  }

  private void handle(Event event) {
    switch (event) {
      case Event.LookAgain(Aspect aspect) -> {
        Instant now = clock.instant();
        due(aspect, aspect == Aspect.ROUTES ? latest(now, calm(aspect, ROUTES_CALM)) : now);
      }
      case Event.Looked(Aspect aspect, UnaryOperator<HostState> news) -> looked(aspect, news);
      case Event.RulesChanged(Optional<Disturber> by) -> {
        Instant now = clock.instant();
        heals.suspect(by, now);
        due(Aspect.RULES, latest(now, calm(Aspect.RULES, RULES_CALM)));
        // firewalld tells of itself; others do not.
        if (state.guard() instanceof Look.Saw<Guard>(Guard guard)) {
          switch (guard) {
            case Guard.Ufw _, Guard.Chains _ -> due(Aspect.INLETS, now);
            case Guard.None _, Guard.Firewalld _ -> {}
          }
        }
      }
      case Event.Applied(Outcome outcome) -> applied(outcome);
      case Event.Configured(Blueprint next) -> {
        blueprint = next;
        problems = List.of();
        backoff.forgive();
        replan();
        // Another wish changes nothing on the host; it may name users and files not asked for yet.
        due(Aspect.FACTS, clock.instant());
      }
      case Event.Misconfigured(List<Problem> found) -> problems = found;
      case Event.Confirm(CompletableFuture<Outcome> answer) -> {
        Change confirm = new Change.ConfirmRules(desired.orElse(Desired.NOTHING).interception());
        LOG.info("{}, as 'meshx confirm' asks", confirm);
        workers.execute(() -> answer.complete(apply(confirm)));
      }
      case Event.Stop _ -> stopped = true;
    }
  }

  private Instant calm(Aspect aspect, Duration between) {
    Instant last = watch(aspect).last;
    return last.equals(Instant.MIN) ? last : last.plus(between);
  }

  private void looked(Aspect aspect, UnaryOperator<HostState> news) {
    Watch watch = watch(aspect);
    watch.running = false;
    watch.ended = watch.begun;
    Instant now = clock.instant();
    HostState before = state;
    state = news.apply(state);
    outdated |= !state.equals(before);
    if (aspect == Aspect.RULES) {
      rulesLooked = Optional.of(watch.last);
    }
    busy.entrySet()
        .removeIf(entry ->
            entry.getKey().aspect() == aspect
                && entry.getValue().isPresent()
                && entry.getValue().get() <= watch.ended);
    if (aspect == Aspect.FACTS && !state.facts().equals(before.facts())) {
      backoff.forgive();
      replan();
      // Which tables are looked at depends on them: on where iptables keeps its own, and on
      // families.
      due(Aspect.RULES, now);
    }
    if (aspect == Aspect.UNITS && !state.units().equals(before.units())) {
      if (!Looks.activity(OurUnits.SPIRE_AGENT, state)
          .equals(Looks.activity(OurUnits.SPIRE_AGENT, before))) {
        // What it has said is of one that is no more.
        state = state.withSpireAgent(new Look.NotYet<>());
        due(Aspect.SPIRE_AGENT, now.plus(LATER));
      }
      // So is the health of a proxy that was another one.
      Desired wanted = desired.orElse(Desired.NOTHING);
      state = Looks.ofTheSame(state, wanted, Looks.endpoints(wanted, before));
      due(Aspect.PROXIES, now);
      due(Aspect.LAST_WORDS, Looks.failing(state).isEmpty() ? now.plus(TROUBLE) : now);
    }
    if (aspect == Aspect.SVIDS && !state.svids().equals(before.svids())) {
      backoff.forgive();
      // The first SVID shows that the SPIRE agent is attested: its join token is to go at once.
      due(Aspect.FACTS, now);
      due(Aspect.LAST_WORDS, now.plus(TROUBLE));
      due(Aspect.SPIRE_AGENT, now.plus(LATER));
      // Whether the proxies have taken the new ones.
      due(Aspect.PROXIES, now.plus(LATER));
      replan();
    }
    if (aspect == Aspect.REGISTRY && !Looks.nodes(state).equals(Looks.nodes(before))) {
      replan();
    }
    if (aspect == Aspect.REGISTRY && answers(state) && !answers(before)) {
      backoff.forgive();
    }
    if (aspect == Aspect.SPIRE_AGENT && !state.spireAgent().equals(before.spireAgent())) {
      due(Aspect.LAST_WORDS, now);
    }
    if (watch.again) {
      watch.again = false;
      due(aspect, now);
    } else {
      watch.due =
          Cadence.of(aspect, state, desired, eager(now))
              .map(wait ->
                  wait.equals(Cadence.SILENT)
                      ? Cadence.nextSilent(now, nextResync)
                      : now.plus(wait))
              .orElse(Instant.MAX);
    }
    fullPassOpen.remove(aspect);
  }

  private static boolean answers(HostState state) {
    return state.registry() instanceof Look.Saw<RegistryView>(RegistryView view)
        && view.api() instanceof ApiHealth.Answers;
  }

  /** Makes desired from the blueprint and the last facts, and looks again at what it depends on. */
  private void replan() {
    if (state.facts() instanceof Look.Saw<HostFacts>(HostFacts facts)) {
      Optional<Desired> next =
          Optional.of(
              blueprint.desired(
                  facts, Looks.own(state).flatMap(SvidState.Issued::bundle), Looks.nodes(state)));
      if (!next.equals(desired)) {
        desired = next;
        outdated = true;
        Instant now = clock.instant();
        due(Aspect.FILES, now);
        due(Aspect.FOREIGN_UNITS, now);
        due(Aspect.REGISTRATIONS, now);
        due(Aspect.PROXIES, now);
      }
    }
  }

  private boolean eager(Instant now) {
    return incompleteSince.map(since -> now.isBefore(since.plus(EAGER_FOR))).orElse(true);
  }

  private Watch watch(Aspect aspect) {
    return Objects.requireNonNull(watches.get(aspect), "each aspect has a watch from the start");
  }

  private void lookAtAll(Instant now) {
    for (Aspect aspect : Aspect.values()) {
      due(aspect, now);
    }
  }

  private void due(Aspect aspect, Instant at) {
    Watch watch = watch(aspect);
    if (watch.running) {
      watch.again = true;
    } else if (watch.due.isAfter(at)) {
      watch.due = at;
    }
  }

  private void startDueLooks(Instant now) {
    if (!now.isBefore(nextResync)) {
      nextResync = now.plus(RESYNC);
      lookAtAll(now);
      if (fullPassOpen.isEmpty()) {
        fullPassBegan = now;
        fullPassOpen.addAll(EnumSet.allOf(Aspect.class));
      }
    }
    for (Map.Entry<Aspect, Watch> entry : watches.entrySet()) {
      if (!entry.getValue().running
          && !entry.getValue().due.isAfter(now)
          && !comesLater(entry.getKey())) {
        startLook(entry.getKey());
      }
    }
  }

  private void startLook(Aspect aspect) {
    if (needsDesired(aspect) && desired.isEmpty()) {
      watch(aspect).due = Instant.MAX;
      fullPassOpen.remove(aspect);
      return;
    }
    Watch watch = watch(aspect);
    watch.running = true;
    watch.begun++;
    watch.last = clock.instant();
    Looks.Runner runner = looks.runner(aspect, state, blueprint, desired.orElse(Desired.NOTHING));
    workers.execute(() -> inbox.add(new Event.Looked(aspect, runner.run())));
  }

  /**
   * At a start the SPIRE agent is waited for longest, and these have no part in starting it: they
   * are looked at while it starts.
   */
  private boolean comesLater(Aspect aspect) {
    boolean opening =
        state.facts() instanceof Look.NotYet<?>
            || (desired.isPresent() && state.files() instanceof Look.NotYet<?>)
            || busy.keySet().stream().anyMatch(target -> target.aspect() == Aspect.FILES);
    return opening
        && watch(aspect).begun == 0
        && switch (aspect) {
          case ROUTES,
              DNS,
              RULES,
              TRIAL,
              CONNECTIONS,
              FILTERS,
              INLETS,
              DELIVERIES,
              HEALTH,
              REGISTRY ->
              true;
          case FACTS,
              FILES,
              UNITS,
              FOREIGN_UNITS,
              REGISTRATIONS,
              SPIRE_AGENT,
              SVIDS,
              PROXIES,
              LAST_WORDS ->
              false;
        };
  }

  private static boolean needsDesired(Aspect aspect) {
    return switch (aspect) {
      case FILES, FOREIGN_UNITS, CONNECTIONS, REGISTRATIONS, PROXIES -> true;
      case FACTS,
          ROUTES,
          DNS,
          UNITS,
          RULES,
          TRIAL,
          FILTERS,
          INLETS,
          SPIRE_AGENT,
          SVIDS,
          DELIVERIES,
          HEALTH,
          REGISTRY,
          LAST_WORDS ->
          false;
    };
  }

  private void startChanges(Instant now) {
    List<Change> wanted = plan.changes();
    backoff.settle(wanted, busy.keySet());
    List<Change> files = new ArrayList<>();
    patience.ask(wanted, now);
    for (Change change : wanted) {
      Target target = change.target();
      if (!busy.containsKey(target)
          && !patience.until(change).isAfter(now)
          && !backoff.next(change).isAfter(now)
          && freshlySeen(target.aspect())) {
        busy.put(target, Optional.empty());
        changes++;
        changesOf.merge(target.aspect(), 1L, Long::sum);
        LOG.atInfo().addKeyValue("change", changes).log("{}", change);
        if (target.aspect() == Aspect.FILES) {
          files.add(change);
        } else {
          workers.execute(() -> apply(change));
        }
      }
    }
    if (!files.isEmpty()) {
      // In the plan's order: a directory comes before what is in it.
      workers.execute(() -> files.forEach(this::apply));
    }
  }

  /** A look that is under way may already be out of date; wait for one that began later. */
  private boolean freshlySeen(Aspect aspect) {
    return !watch(aspect).again;
  }

  private Outcome apply(Change change) {
    Instant began = clock.instant();
    Outcome outcome;
    try {
      applier.apply(change);
      Instant end = clock.instant();
      outcome = new Outcome.Done(change, end, Duration.between(began, end));
    } catch (HostException e) {
      Instant end = clock.instant();
      outcome =
          new Outcome.Failed(
              change, end, Duration.between(began, end), String.valueOf(e.getMessage()));
    }
    inbox.add(new Event.Applied(outcome));
    return outcome;
  }

  private void applied(Outcome outcome) {
    Target target = outcome.change().target();
    switch (outcome) {
      case Outcome.Done done -> {
        LOG.debug("done in {} ms: {}", done.took().toMillis(), done.change());
        backoff.note(done.change(), false, "changed again and again: " + done.change(), done.at());
      }
      case Outcome.Failed failed -> {
        failures++;
        LOG.warn("failed: {}: {}", failed.change(), failed.why());
        backoff.note(failed.change(), true, failed.why(), failed.at());
      }
    }
    outcomes.addLast(outcome);
    if (outcomes.size() > OUTCOMES_KEPT) {
      outcomes.removeFirst();
    }
    Watch watch = watch(target.aspect());
    busy.put(target, Optional.of(watch.begun + 1));
    due(target.aspect(), outcome.at());
    if (target.aspect() == Aspect.RULES) {
      due(Aspect.CONNECTIONS, outcome.at());
    }
  }

  private static Instant latest(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private Duration untilNextDue() {
    Instant now = clock.instant();
    Instant next = nextResync;
    for (Map.Entry<Aspect, Watch> entry : watches.entrySet()) {
      Watch watch = entry.getValue();
      if (!watch.running && watch.due.isBefore(next) && !comesLater(entry.getKey())) {
        next = watch.due;
      }
    }
    for (Change change : plan.changes()) {
      Instant retry = latest(backoff.next(change), patience.until(change));
      if (retry.isAfter(now) && retry.isBefore(next)) {
        next = retry;
      }
    }
    return next.isAfter(now) ? Duration.between(now, next) : Duration.ZERO;
  }
}
