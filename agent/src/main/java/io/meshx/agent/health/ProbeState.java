// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

/**
 * One probe as it stands.
 *
 * @param target what it tries
 * @param verdict what it says
 * @param falls how often it has begun to fail since the workload started
 */
public record ProbeState(Target target, Verdict verdict, int falls) {}
