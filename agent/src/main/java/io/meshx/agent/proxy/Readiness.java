// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Judges whether a proxy can carry traffic. The proxy's own /ready is not enough: it answers 200
 * when the identity task has died, and when the policy service is out of reach or accepts
 * connections without ever answering (all seen with v2.366).
 *
 * @param metrics what its metrics say
 * @param missing each thing that is missing, in words; empty if the metrics and listeners are fine
 */
public record Readiness(ProxyMetrics metrics, List<String> missing) {
  /** What the log of a proxy has in it when one of its tasks died. */
  public static final String PANIC = "panicked at";

  private static final Set<String> WITHOUT_SPIRE = Set.of("v2.329.0", "v2.330.0");

  /** Keeps a copy. */
  public Readiness {
    missing = List.copyOf(missing);
  }

  /**
   * Judges by metrics and listeners.
   *
   * @param inboundBound whether something listens on the inbound port
   * @param outboundBound whether something listens on the outbound port
   */
  public static Readiness of(ProxyMetrics metrics, boolean inboundBound, boolean outboundBound) {
    List<String> missing = new ArrayList<>();
    if (metrics.refreshes() == 0 || metrics.certificateExpiry().isEmpty()) {
      missing.add("no certificate yet");
    }
    if (metrics.policyEndpoints() == 0) {
      missing.add("policy service not reached: 0 endpoints ready");
    } else if (metrics.policyAnswers() <= 0) {
      missing.add("policy service reached, but it has not answered");
    }
    if (metrics.destinationEndpoints() == 0) {
      missing.add("destination service not reached: 0 endpoints ready");
    }
    if (!inboundBound) {
      missing.add("nothing listens on the inbound port");
    }
    if (!outboundBound) {
      missing.add("nothing listens on the outbound port");
    }
    return new Readiness(metrics, missing);
  }

  /** Whether the proxy is of a version that cannot work with SPIRE, and why. */
  public Optional<ProxyHealth.Refused> refusal() {
    return WITHOUT_SPIRE.contains(metrics.version())
        ? Optional.of(
            new ProxyHealth.Refused(
                metrics.version(),
                "it asks SPIRE under a wrong gRPC name and never gets a certificate"
                    + " (linkerd2#14730); use v2.331.0 or later, or v2.328.0 or earlier"))
        : Optional.empty();
  }

  /**
   * Whether its log must be asked for a panic before anything is said.
   *
   * @param saysReady whether its own /ready answers 200
   */
  public boolean needsLog(boolean saysReady) {
    return missing.isEmpty() || metrics.refreshes() > 0 || saysReady;
  }

  /**
   * The judgement.
   *
   * @param panic the line of its log that tells of a panic
   */
  public ProxyHealth health(Optional<String> panic) {
    if (panic.isPresent()) {
      return new ProxyHealth.Zombie(panic.get());
    }
    return missing.isEmpty()
        ? new ProxyHealth.Ready(metrics.version(), metrics.certificateExpiry().orElseThrow())
        : new ProxyHealth.NotReady(missing);
  }
}
