// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import io.meshx.agent.unit.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Units in memory. What is started runs, unless a test has said how it ends; a job is done when the
 * call returns, unless a test holds jobs back.
 */
public final class FakeUnits implements Units {
  private static final UnitName AGENT = new UnitName("meshx-agent.service");

  private final TreeMap<UnitName, UnitState> loaded = new TreeMap<>();
  private final TreeMap<UnitName, UnitSpec> specs = new TreeMap<>();
  private final TreeMap<UnitName, Supplier<Start>> starts = new TreeMap<>();
  private final List<Runnable> listeners = new ArrayList<>();
  private final List<String> operations = new ArrayList<>();
  private int nextPid = 101;
  private boolean reachable = true;

  /** How a start ends. */
  public sealed interface Start {
    /** The program runs. */
    record Runs() implements Start {}

    /** The start job stays under way until {@link FakeUnits#set} says otherwise. */
    record Hangs() implements Start {}

    /** The program ends well with this status; the unit stays if it is one that runs once. */
    record EndsWell(int status) implements Start {}

    /** The program ends with this status and is not restarted. */
    record Fails(int status) implements Start {}

    /** The program ends with this status again and again. */
    record KeepsFailing(int status) implements Start {}
  }

  /** What a unit is doing; empty if it is not loaded. */
  public synchronized Optional<Activity> activity(UnitName name) {
    return Optional.ofNullable(loaded.get(name)).map(UnitState::activity);
  }

  /** Says how starts of a unit end from now on. */
  public void starts(UnitName name, Start start) {
    starts(name, () -> start);
  }

  /** Says how starts of a unit end from now on, by what is so at that time. */
  public synchronized void starts(UnitName name, Supplier<Start> start) {
    starts.put(name, start);
  }

  /** Puts a loaded unit into a state, as if something had happened on the host, and says so. */
  public void set(UnitName name, Activity activity) {
    change(() -> {
      UnitState before = required(name);
      loaded.put(name, new UnitState(name, before.fingerprint(), activity));
    });
  }

  /** Kills a running unit; systemd starts it again. */
  public void kill(UnitName name) {
    set(name, running());
  }

  /** Loads a unit that nobody of ours has started. */
  public void addForeign(UnitName name) {
    change(() -> loaded.put(name, new UnitState(name, Optional.empty(), running())));
  }

  /** The host starts anew: no transient unit is left. */
  public void reboot() {
    change(loaded::clear);
  }

  /** Whether the service manager answers. */
  public void reachable(boolean answers) {
    change(() -> reachable = answers);
  }

  /** What was started, stopped and forgotten so far, one line each, such as "start a.service". */
  public synchronized List<String> operations() {
    return List.copyOf(operations);
  }

  /** What a unit was last started from. */
  public synchronized Optional<UnitSpec> spec(UnitName name) {
    return Optional.ofNullable(specs.get(name));
  }

  @Override
  public synchronized SortedMap<UnitName, UnitState> observe() throws BusCallFailed {
    answer("ListUnitsByPatterns");
    TreeMap<UnitName, UnitState> ours = new TreeMap<>(loaded);
    ours.keySet().removeIf(name -> !name.text().startsWith("meshx-") || name.equals(AGENT));
    return ours;
  }

  @Override
  public void start(UnitSpec spec) throws BusCallFailed {
    UnitName name = spec.name();
    synchronized (this) {
      answer("StartTransientUnit of '" + name + "'");
      if (loaded.containsKey(name)) {
        throw new BusCallFailed(
            "StartTransientUnit of '" + name + "'",
            "org.freedesktop.systemd1.UnitExists",
            "Unit " + name + " was already loaded or has a fragment file.",
            null);
      }
      operations.add("start " + name);
      specs.put(name, spec);
      switch (starts.getOrDefault(name, Start.Runs::new).get()) {
        case Start.Runs _ -> loaded.put(name, state(spec, running()));
        case Start.Hangs _ -> loaded.put(name, state(spec, new Activity.Starting()));
        case Start.EndsWell(int status) -> {
          if (spec.properties().containsKey("RemainAfterExit")) {
            loaded.put(name, state(spec, new Activity.Exited(status)));
          }
        }
        case Start.Fails(int status) ->
            loaded.put(name, state(spec, new Activity.Failed("exit-code", status)));
        case Start.KeepsFailing(int status) ->
            loaded.put(name, state(spec, new Activity.Restarting(0, "exit-code", status)));
      }
    }
    tell();
  }

  @Override
  public void stop(UnitName name) throws BusCallFailed {
    synchronized (this) {
      answer("StopUnit of '" + name + "'");
      operations.add("stop " + name);
      UnitState state = loaded.get(name);
      // As in systemd, a failed unit has nothing to stop and stays failed.
      if (state != null && !(state.activity() instanceof Activity.Failed)) {
        loaded.remove(name);
      }
    }
    tell();
  }

  @Override
  public void forget(UnitName name) throws BusCallFailed {
    synchronized (this) {
      answer("ResetFailedUnit of '" + name + "'");
      operations.add("forget " + name);
      UnitState state = loaded.get(name);
      if (state != null && state.activity() instanceof Activity.Failed) {
        loaded.remove(name);
      }
    }
    tell();
  }

  @Override
  public synchronized void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }

  @Override
  public synchronized void close() {
    listeners.clear();
  }

  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder();
    loaded.forEach(
        (name, state) -> text.append(name).append(' ').append(state.activity()).append('\n'));
    return text.toString();
  }

  private Activity.Running running() {
    int pid = nextPid++;
    return new Activity.Running(pid, "%032x".formatted(pid));
  }

  private static UnitState state(UnitSpec spec, Activity activity) {
    return new UnitState(spec.name(), Optional.of(spec.fingerprint()), activity);
  }

  private UnitState required(UnitName name) {
    UnitState state = loaded.get(name);
    if (state == null) {
      throw new IllegalStateException("'" + name + "' is not loaded");
    }
    return state;
  }

  private void answer(String call) throws BusCallFailed {
    if (!reachable) {
      throw new BusCallFailed(call, "", "no connection to the bus", null);
    }
  }

  private void change(Runnable change) {
    synchronized (this) {
      change.run();
    }
    tell();
  }

  private void tell() {
    List<Runnable> told;
    synchronized (this) {
      told = List.copyOf(listeners);
    }
    told.forEach(Runnable::run);
  }
}
