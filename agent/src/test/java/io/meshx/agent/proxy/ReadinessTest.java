// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReadinessTest {
  private static final Instant EXPIRY = Instant.parse("2027-01-01T01:00:00Z");

  private static ProxyMetrics parse(String text) {
    return ProxyMetrics.parse(text);
  }

  @Test
  void theMetricsOfAReadyProxyAreUnderstood() {
    assertEquals(
        new ProxyMetrics("v2.366.0", 2, 1, 6, 3, Optional.of(EXPIRY)), parse(MetricsText.READY));
  }

  @Test
  void theMetricsOfAProxyThatWaitsForItsCertificateAreUnderstood() {
    assertEquals(
        new ProxyMetrics("v2.366.0", 0, 0, 0, 0, Optional.empty()), parse(MetricsText.STARTING));
  }

  @Test
  void aVersionOfADevelopersBuildIsKept() {
    assertEquals(
        "v0.0.0-dev",
        parse("proxy_build_info{version=\"0.0.0-dev\",vendor=\"a b\"} 1\n").version());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n\n",
        "no metrics at all",
        "control_identity_cert_refreshes_total",
        "control_identity_cert_refreshes_total{result=\"error\"} 4\n",
        "control_identity_cert_refreshes_total{result=\"ok\"} many\n",
        "control_identity_cert_refreshes_total_of_others{result=\"ok\"} 4\n",
        "control_policy_balancer_endpoints{endpoint_state=\"pending\"} 4\n",
        "control_policy_balancer_endpoints{old_endpoint_state=\"ready\"} 4\n",
        "proxy_build_info{"
      })
  void whatIsNotThereCountsAsZero(String text) {
    assertEquals(new ProxyMetrics("", 0, 0, 0, 0, Optional.empty()), parse(text));
  }

  @Test
  void everythingThereIsReady() {
    Readiness readiness = Readiness.of(parse(MetricsText.READY), true, true);
    assertTrue(readiness.needsLog(false));
    assertEquals(new ProxyHealth.Ready("v2.366.0", EXPIRY), readiness.health(Optional.empty()));
  }

  @Test
  void everythingThatIsMissingIsTold() {
    Readiness readiness = Readiness.of(parse(MetricsText.STARTING), false, false);
    assertFalse(readiness.needsLog(false));
    assertEquals(
        new ProxyHealth.NotReady(
            List.of(
                "no certificate yet",
                "policy service not reached: 0 endpoints ready",
                "destination service not reached: 0 endpoints ready",
                "nothing listens on the inbound port",
                "nothing listens on the outbound port")),
        readiness.health(Optional.empty()));
  }

  @Test
  void anUnreachablePolicyServiceHoldsItBackThoughItSaysReady() {
    String text =
        MetricsText.READY.replaceFirst(
            "(control_policy_balancer_endpoints\\{endpoint_state=\"ready\".*) 1\n", "$1 0\n");
    assertEquals(
        new ProxyHealth.NotReady(List.of("policy service not reached: 0 endpoints ready")),
        Readiness.of(parse(text), true, true).health(Optional.empty()));
  }

  /** As when the policy controller is down, and the proxy of its own pod is not. */
  @Test
  void aPolicyServiceThatTakesConnectionsAndDoesNotAnswerHoldsItBack() {
    ProxyMetrics answersFailed =
        parse(
            MetricsText.READY.replaceFirst(
                "(control_response_latency_ms_count\\{addr=\"linkerd-policy.*) 8\n", "$1 2\n"));
    assertEquals(1, answersFailed.policyEndpoints());
    assertEquals(0, answersFailed.policyAnswers());
    assertEquals(
        new ProxyHealth.NotReady(List.of("policy service reached, but it has not answered")),
        Readiness.of(answersFailed, true, true).health(Optional.empty()));
  }

  @Test
  void aWatchThatThePolicyServiceEndedWithoutFailureIsAnAnswer() {
    String unknownWorkload =
        """
        control_policy_balancer_endpoints{endpoint_state="ready",addr="10.0.0.1:8090"} 1
        control_response_total{addr="10.0.0.1:8090",status_code="200",classification="success",grpc_status="5",error=""} 4
        control_response_latency_ms_count{addr="10.0.0.1:8090",status_code="200"} 4
        """;
    assertEquals(4, parse(unknownWorkload).policyAnswers());
  }

  @Test
  void aProxyThatSaysReadyWithoutACertificateAndPanickedIsAZombie() {
    Readiness readiness = Readiness.of(parse(MetricsText.STARTING), true, true);
    assertTrue(readiness.needsLog(true));
    assertEquals(
        new ProxyHealth.Zombie("thread 'main' panicked at x.rs"),
        readiness.health(Optional.of("thread 'main' panicked at x.rs")));
  }

  @ParameterizedTest
  @CsvSource({"2.329.0,true", "v2.330.0,true", "2.328.0,false", "2.331.0,false", "2.3290.0,false"})
  void versionsThatCannotWorkWithSpireAreRefused(String version, boolean refused) {
    ProxyMetrics metrics = parse("proxy_build_info{version=\"" + version + "\"} 1\n");
    assertEquals(refused, Readiness.of(metrics, true, true).refusal().isPresent());
  }
}
