// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** SVIDs whose states a test sets. */
public final class FakeIdentities implements Identities {
  private final TreeMap<String, SvidQuery> queries = new TreeMap<>();
  private final TreeMap<String, SvidState> states = new TreeMap<>();
  private final TreeMap<String, SvidMaterial> handed = new TreeMap<>();
  private final List<Runnable> listeners = new ArrayList<>();

  /**
   * Says what is known of a followed SVID from now on.
   *
   * @throws IllegalArgumentException if nobody follows it
   */
  public void set(String key, SvidState state) {
    List<Runnable> told;
    synchronized (this) {
      if (!queries.containsKey(key)) {
        throw new IllegalArgumentException("nobody follows '" + key + "'");
      }
      told = state.equals(states.put(key, state)) ? List.of() : List.copyOf(listeners);
    }
    told.forEach(Runnable::run);
  }

  /** What is followed. */
  public synchronized SortedMap<String, SvidQuery> queries() {
    return new TreeMap<>(queries);
  }

  @Override
  public synchronized void follow(SortedMap<String, SvidQuery> wanted) {
    states.keySet().removeIf(key -> !Objects.equals(queries.get(key), wanted.get(key)));
    queries.clear();
    queries.putAll(wanted);
    queries
        .keySet()
        .forEach(key -> states.putIfAbsent(key, new SvidState.Unreachable("not asked yet")));
  }

  @Override
  public synchronized SortedMap<String, SvidState> observe() {
    return new TreeMap<>(states);
  }

  /** Says what is handed out for a query that asks for the key. */
  public synchronized void hand(String key, SvidMaterial svid) {
    handed.put(key, svid);
  }

  @Override
  public synchronized Optional<SvidMaterial> material(String key) {
    return states.get(key) instanceof SvidState.Issued
            && queries.get(key) instanceof SvidQuery.Handed
        ? Optional.ofNullable(handed.get(key))
        : Optional.empty();
  }

  @Override
  public synchronized void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }

  @Override
  public void close() {
    follow(new TreeMap<>());
  }

  @Override
  public synchronized String toString() {
    return states.toString();
  }
}
