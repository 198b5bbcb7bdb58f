// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import java.time.Duration;
import java.util.Optional;

/**
 * What somebody says of being alive: a Lease, coordination.k8s.io/v1.
 *
 * @param holder who says it; empty if it was given back, and nobody says anything
 * @param lasts how long it holds after it was said last
 * @param said when that was, by the clock of whoever said it: of use only to see that it was said
 *     again
 * @param version by which the API server knows that nobody has changed it since
 */
public record Lease(Optional<String> holder, Duration lasts, String said, String version) {
  /** Where the leases of hosts are. */
  public static final String NAMESPACE = "meshx-hosts";
}
