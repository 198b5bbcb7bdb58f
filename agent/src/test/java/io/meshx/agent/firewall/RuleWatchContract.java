// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.HostException;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What all {@link RuleWatch}es do. */
public abstract class RuleWatchContract {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long BETWEEN_MILLIS = 100;

  private final LinkedBlockingQueue<Optional<Disturber>> told = new LinkedBlockingQueue<>();

  /** The watch under test; the same at each call. */
  protected abstract RuleWatch watch();

  /** Changes a rule of the host. */
  protected abstract void change() throws HostException;

  /** The program by which {@link #change} does it. */
  protected abstract String program();

  @AfterEach
  void close() throws HostException {
    watch().close();
    end();
  }

  /** Lets go of the host; run after each test. */
  protected void end() throws HostException {}

  @Test
  void aChangeIsToldWithWhoMadeIt() throws Exception {
    watch().onChange(told::add);

    assertEquals(program(), changedBy().program());
    assertEquals(program(), changedBy().program());
  }

  /** It takes a moment until the kernel tells a watch; until then changes are repeated. */
  private Disturber changedBy() throws Exception {
    told.clear();
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      change();
      Optional<Disturber> who = told.poll(BETWEEN_MILLIS, TimeUnit.MILLISECONDS);
      if (who != null && who.isPresent()) {
        return who.get();
      }
      assertTrue(System.nanoTime() < end, "no change was told");
    }
  }
}
