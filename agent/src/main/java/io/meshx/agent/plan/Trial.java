// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.model.Digest;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.trial.Memory;
import io.meshx.agent.trial.Rollback;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Whether the rules may be changed now. A change is on trial from the moment that the unit runs
 * which would take it back.
 */
sealed interface Trial {
  /** How far that is, for the status. */
  Progress progress();

  /** They may be: no trial is asked for, or what is wanted is confirmed. */
  record Free(Progress progress) implements Trial {}

  /** They may be, and go back if nobody confirms them in time. */
  record Running(Progress progress) implements Trial {}

  /**
   * Not before something else has happened.
   *
   * @param first that
   */
  record NotYet(Progress first) implements Trial {
    @Override
    public Progress progress() {
      return new Progress.Done("a change of the redirect rules will be on trial");
    }
  }

  /**
   * Nobody has confirmed what is wanted.
   *
   * @param before the rules that are to be instead; empty if nobody remembers them
   */
  record Over(Optional<HostRules> before, Progress progress) implements Trial {}

  /** Judges what was observed. */
  static Trial of(Desired desired, HostState observed, UnitGoal units) {
    Optional<Duration> within = desired.host().flatMap(Desired.HostPart::confirmWithin);
    if (within.isEmpty()) {
      return new Free(new Progress.Done("every change of the redirect rules stays"));
    }
    return switch (observed.trial()) {
      case Look.NotYet<Memory> _ ->
          new NotYet(new Progress.Waiting("a first look at what is confirmed"));
      case Look.Failed<Memory>(String why) ->
          new NotYet(new Progress.Waiting("a look at what is confirmed: " + why));
      case Look.Saw<Memory>(Memory memory) ->
          of(
              Rollback.unit(desired.interception(), within.get()),
              within.get(),
              memory,
              observed,
              units);
    };
  }

  private static Trial of(
      UnitSpec rollback, Duration within, Memory memory, HostState observed, UnitGoal units) {
    Digest wanted = rollback.config();
    if (memory.confirmed().equals(Optional.of(wanted))) {
      return new Free(
          Draft.inOrder(
              memory.before().isPresent()
                  ? new Progress.Changing(List.of(new Change.ConfirmRules(wanted)))
                  : new Progress.Done(""),
              units.loaded(OurUnits.ROLLBACK)
                  ? units.gone(OurUnits.ROLLBACK, "the rules are confirmed")
                  : new Progress.Done("the redirect rules are confirmed")));
    }
    UnitState unit = units.units().get(OurUnits.ROLLBACK);
    if (unit == null) {
      return new NotYet(
          memory.before().isPresent()
              ? new Progress.Changing(List.of(new Change.StartUnit(rollback)))
              : remember(observed));
    }
    if (unit.fingerprint().filter(print -> print.config().equals(wanted)).isEmpty()) {
      return new NotYet(units.gone(OurUnits.ROLLBACK, "something else is wanted now"));
    }
    return switch (unit.activity()) {
      case Activity.Starting _ -> new NotYet(units.running(rollback));
      case Activity.Running _ ->
          new Running(
              new Progress.Waiting(
                  "'meshx confirm' within "
                      + within.toSeconds()
                      + " s of the change, or the rules from before come back; 'systemctl status "
                      + OurUnits.ROLLBACK
                      + "' says since when"));
      case Activity.Exited _,
          Activity.Stopping _,
          Activity.Restarting _,
          Activity.Failed _,
          Activity.Inactive _ ->
          new Over(
              memory.before(),
              new Progress.Waiting(
                  "'meshx confirm', which did not come within "
                      + within.toSeconds()
                      + " s: the rules from before are in force; it puts the new ones in force for"
                      + " good, 'systemctl reset-failed "
                      + OurUnits.ROLLBACK
                      + "' begins another trial"));
    };
  }

  private static Progress remember(HostState observed) {
    return observed.rules() instanceof Look.Saw<HostRules>(HostRules there)
        ? new Progress.Changing(List.of(new Change.RememberRules(there)))
        : new Progress.Waiting("a first look at the rules");
  }
}
