// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.model.UnitName;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.Fingerprint;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * How far a unit is from running as specified, or from being gone.
 *
 * @param units the loaded units of ours
 * @param lastWords what the logs of units in trouble say
 */
record UnitGoal(SortedMap<UnitName, UnitState> units, SortedMap<UnitName, String> lastWords) {

  Progress running(UnitSpec spec) {
    UnitState state = units.get(spec.name());
    if (state == null) {
      return new Progress.Changing(List.of(new Change.StartUnit(spec)));
    }
    if (state.fingerprint().isEmpty()) {
      return new Progress.Waiting(
          "unit "
              + spec.name()
              + " to be given up by somebody else: it is loaded and this agent did not start it;"
              + " stop it and remove its unit file");
    }
    boolean sameConfig = state.fingerprint().get().config().equals(spec.config());
    boolean sameSpec = state.fingerprint().get().equals(spec.fingerprint());
    return switch (state.activity()) {
      case Activity.Running running when sameConfig ->
          new Progress.Done(
              "unit "
                  + spec.name()
                  + " runs, process "
                  + running.mainPid()
                  + (sameSpec ? "" : "; a newer spec is used at its next start"));
      case Activity.Exited _ when sameConfig ->
          new Progress.Done("unit " + spec.name() + " ended well");
      case Activity.Running _, Activity.Exited _ -> stop(spec.name(), "its configuration changed");
      case Activity.Starting _ when sameConfig ->
          new Progress.Waiting("unit " + spec.name() + " to start" + words(spec.name()));
      case Activity.Starting _ -> stop(spec.name(), "its configuration changed");
      case Activity.Stopping _ -> new Progress.Waiting("unit " + spec.name() + " to stop");
      case Activity.Inactive _ -> new Progress.Waiting("unit " + spec.name() + " to be unloaded");
      case Activity.Restarting restarting when sameSpec ->
          new Progress.Waiting(
              "unit "
                  + spec.name()
                  + " to stay up: it ended with "
                  + ending(restarting.result(), restarting.status())
                  + ", restart "
                  + (restarting.restarts() + 1)
                  + words(spec.name()));
      case Activity.Restarting _ -> stop(spec.name(), "its specification changed");
      case Activity.Failed failed -> {
        String how = ending(failed.result(), failed.status()) + words(spec.name());
        yield !sameSpec || (restartsAlways(spec) && !limited(spec))
            ? new Progress.Changing(List.of(new Change.ForgetUnit(spec.name(), how)))
            : new Progress.Waiting(
                "somebody to start unit "
                    + spec.name()
                    + " again: it ended with "
                    + how
                    + "; run 'systemctl reset-failed "
                    + spec.name()
                    + "' to have it started");
      }
    };
  }

  Progress gone(UnitName name, String because) {
    UnitState state = units.get(name);
    if (state == null) {
      return new Progress.Done("unit " + name + " is gone");
    }
    return switch (state.activity()) {
      case Activity.Starting _, Activity.Running _, Activity.Exited _, Activity.Restarting _ ->
          stop(name, because);
      case Activity.Stopping _ -> new Progress.Waiting("unit " + name + " to stop");
      case Activity.Inactive _ -> new Progress.Waiting("unit " + name + " to be unloaded");
      case Activity.Failed _ ->
          new Progress.Changing(List.of(new Change.ForgetUnit(name, because)));
    };
  }

  boolean loaded(UnitName name) {
    return units.containsKey(name);
  }

  /** Whether a loaded unit was started with exactly this spec. */
  boolean upToDate(UnitSpec spec) {
    return startedAs(spec.name(), spec.fingerprint());
  }

  /** Whether a unit is loaded and was started with the configuration of a spec. */
  boolean startedWith(UnitSpec spec) {
    UnitState state = units.get(spec.name());
    return state != null
        && state.fingerprint().map(Fingerprint::config).equals(Optional.of(spec.config()));
  }

  /** Whether a unit is loaded and was started from the spec with this fingerprint. */
  boolean startedAs(UnitName name, Fingerprint fingerprint) {
    UnitState state = units.get(name);
    return state != null && state.fingerprint().equals(Optional.of(fingerprint));
  }

  boolean up(UnitName name) {
    UnitState state = units.get(name);
    return state != null
        && switch (state.activity()) {
          case Activity.Running _, Activity.Exited _, Activity.Restarting _ -> true;
          case Activity.Starting _, Activity.Stopping _, Activity.Inactive _, Activity.Failed _ ->
              false;
        };
  }

  /** Whether a unit is loaded and its program has ended. */
  boolean ended(UnitName name) {
    UnitState state = units.get(name);
    return state != null
        && switch (state.activity()) {
          case Activity.Exited _, Activity.Failed _, Activity.Inactive _, Activity.Stopping _ ->
              true;
          case Activity.Starting _, Activity.Running _, Activity.Restarting _ -> false;
        };
  }

  String words(UnitName name) {
    String words = lastWords.get(name);
    return words == null ? "" : "; its log says: " + words;
  }

  private static Progress stop(UnitName name, String because) {
    return new Progress.Changing(List.of(new Change.StopUnit(name, because)));
  }

  private static boolean restartsAlways(UnitSpec spec) {
    return says(spec, "Restart", "always") || says(spec, "Type", "oneshot");
  }

  /** Whether a unit that restarts always has failed only when it had used up its starts. */
  private static boolean limited(UnitSpec spec) {
    return spec.properties().containsKey("StartLimitBurst");
  }

  private static boolean says(UnitSpec spec, String property, String value) {
    return new Property.Text(value).equals(spec.properties().get(property));
  }

  private static String ending(String result, int status) {
    return "result '" + result + "', status " + status;
  }
}
