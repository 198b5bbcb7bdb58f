// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a proxy's own metrics say about its readiness. A metric that is not there counts as 0.
 *
 * @param version as the proxy reports it, with a leading "v"; "" if it does not
 * @param refreshes how often it got a certificate
 * @param policyEndpoints how many endpoints of the policy service are ready for it
 * @param policyAnswers how many answers of the policy service it got that did not fail later; an
 *     endpoint counts as ready as soon as it takes connections, whether or not it ever answers
 * @param destinationEndpoints how many endpoints of the destination service are ready for it
 * @param certificateExpiry end of validity of its certificate; empty while it has none
 * @see <a
 *     href="https://github.com/linkerd/linkerd2-proxy/blob/release/v2.366.0/linkerd/app/src/lib.rs">
 *     linkerd2-proxy, app/src/lib.rs, where the prefixes of the names are</a>
 */
public record ProxyMetrics(
    String version,
    long refreshes,
    long policyEndpoints,
    long policyAnswers,
    long destinationEndpoints,
    Optional<Instant> certificateExpiry) {
  private static final String READY = "endpoint_state=\"ready\"";
  private static final String POLICY_ENDPOINTS = "control_policy_balancer_endpoints";
  private static final String ANSWERED = "status_code=\"200\"";
  private static final String FAILED = "classification=\"failure\"";

  /** Reads Prometheus text; lines that are not understood are passed over. */
  public static ProxyMetrics parse(String text) {
    double refreshes = 0;
    double policy = 0;
    double destination = 0;
    double expiry = 0;
    String version = "";
    String policyAddress = "";
    Map<String, Double> answers = new HashMap<>();
    int at = 0;
    while (at < text.length()) {
      int end = text.indexOf('\n', at);
      int next = end < 0 ? text.length() : end;
      if (text.startsWith("control_", at)) {
        String line = text.substring(at, next);
        refreshes += sample(line, "control_identity_cert_refreshes_total", "result=\"ok\"");
        if (line.startsWith(POLICY_ENDPOINTS)) {
          policy += sample(line, POLICY_ENDPOINTS, READY);
          policyAddress = label(line, "addr");
        }
        double answered = answers(line);
        if (answered != 0) {
          answers.merge(label(line, "addr"), answered, Double::sum);
        }
        destination += sample(line, "control_destination_balancer_endpoints", READY);
        expiry =
            Math.max(
                expiry, sample(line, "control_identity_cert_expiration_timestamp_seconds", ""));
      } else if (text.startsWith("proxy_build_info{", at)) {
        version = label(text.substring(at, next), "version");
      }
      at = next + 1;
    }
    return new ProxyMetrics(
        version.isEmpty() || version.startsWith("v") ? version : "v" + version,
        (long) refreshes,
        (long) policy,
        answers.getOrDefault(policyAddress, 0.0).longValue(),
        (long) destination,
        expiry > 0 ? Optional.of(Instant.ofEpochSecond((long) expiry)) : Optional.empty());
  }

  // A call counts under its latency when its first message comes, and again when it has ended; the
  // calls to the policy service are watches, which end when they fail.
  private static double answers(String line) {
    return line.startsWith("control_response_latency_ms_count{")
        ? sample(line, "control_response_latency_ms_count", ANSWERED)
        : hasLabel(line, FAILED) ? -sample(line, "control_response_total", ANSWERED) : 0;
  }

  private static double sample(String line, String name, String label) {
    int labels = name.length();
    boolean wanted =
        line.startsWith(name)
            && line.length() > labels
            && (line.charAt(labels) == '{' || line.charAt(labels) == ' ')
            && (label.isEmpty() || hasLabel(line, label));
    if (!wanted) {
      return 0;
    }
    try {
      return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
    } catch (NumberFormatException e) {
      // A value that is no number is a metric that is not there.
      return 0;
    }
  }

  private static boolean hasLabel(String line, String label) {
    return line.contains("{" + label) || line.contains("," + label);
  }

  private static String label(String line, String name) {
    String start = name + "=\"";
    int at = Math.max(line.indexOf("{" + start), line.indexOf("," + start));
    if (at < 0) {
      return "";
    }
    int from = at + 1 + start.length();
    int to = line.indexOf('"', from);
    return to < 0 ? "" : line.substring(from, to);
  }
}
