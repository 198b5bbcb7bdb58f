// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reaper;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.Fleet;
import io.meshx.agent.registry.FleetView;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says of the workloads of hosts that are silent for half as long again as their lease holds that
 * they are not ready. Any number of these may run: one of them acts, the others take over when it
 * is silent.
 *
 * <p>If more hosts are silent at once than is likely, nothing is said: then what is between the
 * hosts and the API is broken, and their workloads are all that peers have.
 */
public final class Reaper {
  private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);

  /** How long the lease of the one that acts holds; it is renewed three times as often. */
  private static final Duration LEADS = Duration.ofSeconds(15);

  private static final Duration RENEWS = LEADS.dividedBy(3);
  private static final Duration RETRY = Duration.ofSeconds(2);

  private static final Duration LEAST = Duration.ofMillis(100);
  private static final String LEADER = "leader";
  private static final String REASON = "HostLost";
  private static final int WHOLE = 100;

  private final Fleet fleet;
  private final String self;
  private final int atMost;
  private final InstantSource clock;
  private final LinkedBlockingQueue<Boolean> signals = new LinkedBlockingQueue<>();
  private final Silence<WorkloadName> hosts = new Silence<>();
  private final Silence<String> leaders = new Silence<>();
  private final Set<WorkloadName> lost = new HashSet<>();
  private Instant leadsUntil = Instant.MIN;
  private Instant leadNext = Instant.MIN;
  private Optional<String> leader = Optional.empty();
  private boolean deaf = true;
  private String trouble = "";
  private String toldTrouble = "";
  private volatile boolean stopped;

  /**
   * Not running yet.
   *
   * @param self by which it is told apart from the others
   * @param atMost of a hundred hosts, so many may be lost at once; one may always be
   */
  public Reaper(Fleet fleet, String self, int atMost, InstantSource clock) {
    this.fleet = fleet;
    this.self = self;
    this.atMost = atMost;
    this.clock = clock;
    fleet.onChange(() -> signals.add(true));
  }

  /** Ends {@link #run}; from any thread. */
  public void stop() {
    stopped = true;
    signals.add(true);
  }

  /**
   * Runs until {@link #stop}.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void run() throws InterruptedException {
    while (!stopped) {
      Duration next = turn();
      signals.poll(next.toMillis(), TimeUnit.MILLISECONDS);
      signals.clear();
    }
    resign();
  }

  /** Whether this one acts for all now. */
  boolean leads() {
    return clock.instant().isBefore(leadsUntil);
  }

  /**
   * Looks once, and says what is to be said.
   *
   * @return when there is something to look at again, if nothing happens before
   */
  Duration turn() {
    trouble = "";
    Duration next = look(clock.instant());
    if (!trouble.equals(toldTrouble) && !trouble.isEmpty()) {
      LOG.error("{}", trouble);
    }
    toldTrouble = trouble;
    return next;
  }

  private Duration look(Instant now) {
    FleetView view = fleet.observe();
    if (!view.listed() || !(view.api() instanceof ApiHealth.Answers)) {
      deaf = true;
      if (view.api() instanceof ApiHealth.Fails(String why, boolean _)) {
        trouble = "the hosts are not heard: " + why;
      }
      return RETRY;
    }
    hosts.saw(view.hosts(), now);
    SortedMap<String, Lease> leading = new TreeMap<>();
    view.leader().ifPresent(lease -> leading.put(LEADER, lease));
    leaders.saw(leading, now);
    if (deaf) {
      deaf = false;
      hosts.wasDeaf(now);
      leaders.wasDeaf(now);
    }
    lead(view.leader(), now);
    if (leads()) {
      act(view, now);
    }
    return next(now);
  }

  private Duration next(Instant now) {
    Duration next = leads() ? Duration.between(now, leadNext) : RENEWS;
    for (Optional<Duration> other : List.of(hosts.next(now), leaders.next(now))) {
      next = other.isPresent() && other.get().compareTo(next) < 0 ? other.get() : next;
    }
    return next.compareTo(LEAST) < 0 ? LEAST : next;
  }

  private void lead(Optional<Lease> before, Instant now) {
    boolean ours = before.flatMap(Lease::holder).equals(Optional.of(self));
    boolean free = before.flatMap(Lease::holder).isEmpty() || !leaders.silent(now).isEmpty();
    if (now.isBefore(leadNext) || !(ours || free)) {
      noteLeader(before.flatMap(Lease::holder));
      return;
    }
    leadNext = now.plus(RETRY);
    try {
      if (fleet.lead(before, self, LEADS)) {
        // Counted from before it was asked for, so that it ends here before it ends for others.
        leadsUntil = now.plus(LEADS);
        leadNext = now.plus(RENEWS);
        noteLeader(Optional.of(self));
      }
    } catch (HostException e) {
      trouble = "the lease of the reaper was not had: " + e.getMessage();
    }
  }

  private void noteLeader(Optional<String> now) {
    if (!now.equals(leader)) {
      leader = now;
      LOG.info(
          now.equals(Optional.of(self))
              ? "this reaper acts for all now, as {}"
              : "another reaper acts for all now: {}",
          now.orElse("nobody yet"));
    }
  }

  private void act(FleetView view, Instant now) {
    for (WorkloadName host : List.copyOf(lost)) {
      if (view.hosts().containsKey(host)) {
        lost.remove(host);
        LOG.info("host {} renews its lease again", host);
      }
    }
    SortedSet<WorkloadName> silent = hosts.silent(now);
    int most = Math.max(1, view.hosts().size() * atMost / WHOLE);
    if (silent.size() > most) {
      trouble =
          silent.size()
              + " of "
              + view.hosts().size()
              + " hosts have not renewed their leases, more than "
              + most
              + " (--at-most): nothing is said of them, since so many do not die at once; can the"
              + " hosts reach the API?";
      return;
    }
    for (WorkloadName host : hosts.lost(now)) {
      Lease lease = view.hosts().get(host);
      if (lease != null) {
        abandon(host, lease);
      }
    }
  }

  private void abandon(WorkloadName host, Lease seen) {
    try {
      Optional<Lease> there = fleet.ask(host);
      if (there.isEmpty() || !there.get().said().equals(seen.said())) {
        // What we hear comes late, and comes itself before long.
        return;
      }
      LOG.warn("host {} has not renewed its lease for {} s", host, seen.lasts().toSeconds());
      List<ResourceName> told = fleet.abandon(host, there.get(), says(host, seen));
      lost.add(host);
      told.forEach(each -> LOG.warn("peers choose ExternalWorkload {} no more", each));
    } catch (HostException e) {
      trouble = "host " + host + " is lost, and peers could not be told: " + e.getMessage();
    }
  }

  private static Readiness says(WorkloadName host, Lease lease) {
    return new Readiness(
        false,
        REASON,
        "host "
            + host
            + " has not renewed its lease "
            + Lease.NAMESPACE
            + "/"
            + host
            + " for "
            + lease.lasts().toSeconds()
            + " s: it is down, or cut off from the Kubernetes API");
  }

  private void resign() {
    Optional<Lease> held =
        fleet.observe().leader().filter(lease -> lease.holder().equals(Optional.of(self)));
    try {
      if (held.isPresent()) {
        fleet.resign(held.get());
      }
    } catch (HostException e) {
      LOG.warn("the lease of the reaper was not given back: {}", e.getMessage());
    }
  }
}
