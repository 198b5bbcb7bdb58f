// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.config.Problem;
import io.meshx.agent.plan.Aspect;
import io.meshx.agent.plan.Blueprint;
import io.meshx.agent.plan.HostState;
import io.meshx.agent.plan.Plan;
import io.meshx.agent.plan.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What the loop knows after a pass.
 *
 * @param at when the pass ended
 * @param blueprint the wish that the plan is for
 * @param plan the plan of this pass
 * @param observed what it was made from
 * @param held changes that wait before they are tried again, and why
 * @param outcomes the last outcomes, oldest first
 * @param passes how many passes there were
 * @param changes how many changes were applied in all
 * @param changesOf how many of them changed what is of an aspect
 * @param failures how many of them failed
 * @param healed how often rules that somebody changed were put back
 * @param fullPass how long the last complete look at everything and the plan after it took; empty
 *     before the first one
 * @param problems what is wrong with the configuration on disk; the last good one stays in force
 */
public record Report(
    Instant at,
    Blueprint blueprint,
    Plan plan,
    HostState observed,
    SortedMap<Target, String> held,
    List<Outcome> outcomes,
    long passes,
    long changes,
    Map<Aspect, Long> changesOf,
    long failures,
    Healed healed,
    Optional<Duration> fullPass,
    List<Problem> problems) {}
