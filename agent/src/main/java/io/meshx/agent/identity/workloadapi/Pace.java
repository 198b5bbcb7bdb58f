// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import java.time.Duration;

/**
 * How often a stream is tried again. Between two tries only the socket file is looked at; one that
 * appears or is made anew is tried at once, so that a SPIRE agent that has just started is seen
 * within {@code look}.
 *
 * @param first wait after the first failure; each further one is half as long again
 * @param refused least wait after SPIRE answered that there is nothing for us: an answer costs it
 *     an attestation
 * @param most longest wait after a failure
 * @param hopeless wait after an answer that trying again is not likely to change
 * @param look how often the socket file is looked at in the first {@code early} of a failure
 * @param early how long a failure counts as one that is about to end
 * @param lookLater how often the socket file is looked at afterwards
 */
record Pace(
    Duration first,
    Duration refused,
    Duration most,
    Duration hopeless,
    Duration look,
    Duration early,
    Duration lookLater) {
  static final Pace USUAL =
      new Pace(
          Duration.ofMillis(20),
          Duration.ofMillis(200),
          Duration.ofSeconds(5),
          Duration.ofMinutes(1),
          Duration.ofMillis(10),
          Duration.ofSeconds(10),
          Duration.ofMillis(250));
}
