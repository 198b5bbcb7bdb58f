// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Waits for states of followed SVIDs, woken by the changes that are told. */
final class States {
  private static final long PATIENCE_SECONDS = 20;

  private final Identities identities;
  private final Semaphore changes = new Semaphore(0);
  private final List<SvidState> agents = new ArrayList<>();

  States(Identities identities) {
    this.identities = identities;
    identities.onChange(() -> {
      note();
      changes.release();
    });
  }

  private synchronized void note() {
    SvidState state = identities.observe().get(Identities.AGENT);
    if (state != null) {
      agents.add(state);
    }
  }

  /** The states of the agent's own SVID whenever a change was told. */
  synchronized List<SvidState> ofAgent() {
    return List.copyOf(agents);
  }

  /** The state of a kind as soon as there is one. */
  <S extends SvidState> S await(String key, Class<S> kind) throws InterruptedException {
    while (true) {
      SvidState state = identities.observe().get(key);
      if (kind.isInstance(state)) {
        return kind.cast(state);
      }
      wait(key, "a state " + kind.getSimpleName());
    }
  }

  /** An Unreachable whose words have a text in them. */
  SvidState.Unreachable awaitUnreachable(String key, String words) throws InterruptedException {
    while (true) {
      if (identities.observe().get(key) instanceof SvidState.Unreachable unreachable
          && unreachable.why().contains(words)) {
        return unreachable;
      }
      wait(key, "unreachable with '" + words + "'");
    }
  }

  /** An SVID with a serial number. */
  SvidState.Issued awaitSerial(String key, String serial) throws InterruptedException {
    while (true) {
      if (identities.observe().get(key) instanceof SvidState.Issued issued
          && issued.serial().equals(serial)) {
        return issued;
      }
      wait(key, "serial " + serial);
    }
  }

  /** Waits until a change is told of. */
  void awaitChange() throws InterruptedException {
    wait("anything", "something else");
  }

  private void wait(String key, String what) throws InterruptedException {
    if (!changes.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError(
          "'" + key + "' did not become " + what + ": " + identities.observe());
    }
  }
}
