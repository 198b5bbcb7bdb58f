// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.model.Digest;
import io.meshx.agent.trial.Memory;
import io.meshx.agent.trial.Trials;
import java.util.Optional;

/** A memory of trials in memory. */
public final class FakeTrials implements Trials {
  private Memory memory = Memory.EMPTY;

  /** A reboot: only what was confirmed is remembered. */
  public synchronized void reboot() {
    memory = new Memory(memory.confirmed(), Optional.empty());
  }

  @Override
  public synchronized Memory observe() {
    return memory;
  }

  @Override
  public synchronized void begin(HostRules before) {
    memory = new Memory(memory.confirmed(), Optional.of(before));
  }

  @Override
  public synchronized void confirm(Digest wanted) {
    memory = new Memory(Optional.of(wanted), Optional.empty());
  }
}
