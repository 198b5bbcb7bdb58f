// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** SVIDs whose states a test sets. */
public final class FakeIdentities implements Identities {
  private final TreeMap<String, SvidQuery> queries = new TreeMap<>();
  private final TreeMap<String, SvidState> states = new TreeMap<>();
  private final List<Runnable> listeners = new ArrayList<>();

  /**
   * Says what is known of a followed SVID from now on.
   *
   * @throws IllegalArgumentException if nobody follows it
   */
  public void set(String key, SvidState state) {
    if (!queries.containsKey(key)) {
      throw new IllegalArgumentException("nobody follows '" + key + "'");
    }
    if (!state.equals(states.put(key, state))) {
      listeners.forEach(Runnable::run);
    }
  }

  /** What is followed. */
  public SortedMap<String, SvidQuery> queries() {
    return new TreeMap<>(queries);
  }

  @Override
  public void follow(SortedMap<String, SvidQuery> wanted) {
    states.keySet().removeIf(key -> !queries.get(key).equals(wanted.get(key)));
    queries.clear();
    queries.putAll(wanted);
    queries
        .keySet()
        .forEach(key -> states.putIfAbsent(key, new SvidState.Unreachable("not asked yet")));
  }

  @Override
  public SortedMap<String, SvidState> observe() {
    return new TreeMap<>(states);
  }

  @Override
  public void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }

  @Override
  public void close() {
    follow(new TreeMap<>());
  }

  @Override
  public String toString() {
    return states.toString();
  }
}
