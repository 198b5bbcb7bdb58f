// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.filter.Filters;
import io.meshx.agent.filter.PacketProgram;
import java.util.SortedSet;
import java.util.TreeSet;

/** Names of programs, in memory. */
public final class FakeFilters implements Filters {
  private final TreeSet<String> names = new TreeSet<>();

  @Override
  public synchronized SortedSet<String> observe() {
    return new TreeSet<>(names);
  }

  @Override
  public synchronized void pin(PacketProgram program) {
    names.add(program.name());
  }

  @Override
  public synchronized void unpin(String name) {
    names.remove(name);
  }

  /** A reboot. */
  public synchronized void wipe() {
    names.clear();
  }

  @Override
  public synchronized String toString() {
    return String.join("\n", names);
  }
}
