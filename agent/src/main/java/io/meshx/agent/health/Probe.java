// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import java.time.Duration;

/**
 * One of the ways to find out whether a workload serves.
 *
 * @param target what is tried
 * @param period from one try to the next
 * @param timeout how long one may take
 * @param startDelay how long after the workload's start the first one is made
 * @param failures so many in a row say that it does not serve
 * @param successes so many in a row say that it does
 */
public record Probe(
    Target target,
    Duration period,
    Duration timeout,
    Duration startDelay,
    int failures,
    int successes) {}
