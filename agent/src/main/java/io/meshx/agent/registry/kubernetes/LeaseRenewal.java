// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import io.meshx.agent.model.GrowingWait;
import io.meshx.agent.registry.LeaseState;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews one lease, twice as often as it must be, on a thread of its own; gives it back at the end,
 * so that nobody takes an agent that was stopped for a host that died.
 */
final class LeaseRenewal {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseRenewal.class);
  private static final String APPLY = "?fieldManager=meshx-agent&force=true";
  private static final Duration FIRST = Duration.ofSeconds(1);

  /** A fleet that starts at once is not to renew at once for ever. */
  private static final int SPREAD = 10;

  private final ApiClient api;
  private final String host;
  private final Duration lasts;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final GrowingWait wait;
  private final Runnable lookAgain;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  /** Whether it ever was: what was never had is not given back. */
  private boolean held;

  private volatile LeaseState state = new LeaseState.Untold();

  /**
   * Begins to renew.
   *
   * @param host whose lease it is
   * @param lasts how long it holds each time
   * @param lookAgain run when {@link #state} says something else
   */
  LeaseRenewal(
      ApiClient api,
      String host,
      Duration lasts,
      InstantSource clock,
      RandomGenerator random,
      Runnable lookAgain) {
    this.api = api;
    this.host = host;
    this.lasts = lasts;
    this.clock = clock;
    this.random = random;
    this.wait = new GrowingWait(FIRST, lasts.dividedBy(4).plus(FIRST), random);
    this.lookAgain = lookAgain;
    Thread.ofVirtual().name("lease of " + host).start(this::run);
  }

  /** How long it holds each time. */
  Duration lasts() {
    return lasts;
  }

  /** What came of it. */
  LeaseState state() {
    return state;
  }

  private void run() {
    try {
      while (closed.getCount() > 0) {
        closed.await(renew().toMillis(), TimeUnit.MILLISECONDS);
      }
      if (held) {
        say(LeaseJson.free(host).toString());
      }
    } catch (ApiFailure e) {
      LOG.warn(
          "{}; where 'meshx reaper' runs, peers are told in {} s that this host is lost",
          e.why(),
          lasts.toSeconds());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.countDown();
    }
  }

  /** Gives the time until the next. */
  private Duration renew() throws InterruptedException {
    Duration next;
    LeaseState now;
    try {
      say(LeaseJson.held(host, host, lasts, clock.instant()).toString());
      wait.reset();
      held = true;
      now = new LeaseState.Renewed();
      long half = lasts.toMillis() / 2;
      next = Duration.ofMillis(half - random.nextLong(half / SPREAD + 1));
    } catch (ApiFailure e) {
      now = new LeaseState.Fails(e.why());
      next = e.retryAfter().orElseGet(wait::next);
    }
    if (!now.equals(state)) {
      state = now;
      lookAgain.run();
    }
    return next;
  }

  private void say(String lease) throws ApiFailure, InterruptedException {
    api.call("PATCH", LeaseJson.path(host) + APPLY, ApiClient.APPLY, lease);
  }

  /** Ends it; that it is given back may come later, as may what is to be done after that. */
  void end(Runnable afterwards) {
    closed.countDown();
    Thread.ofVirtual()
        .name("end of the lease of " + host)
        .start(() -> {
          try {
            ended.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          afterwards.run();
        });
  }

  /**
   * Ends it, and waits until it was given back.
   *
   * @param patience for at most this time
   */
  void end(Duration patience) throws InterruptedException {
    closed.countDown();
    if (!ended.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.warn("the lease of this host could not be given back within {} s", patience.toSeconds());
    }
  }
}
