// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

/** Metrics in the form of linkerd2-proxy v2.366. */
public final class MetricsText {
  /** Of a proxy that can carry traffic. */
  public static final String READY =
      """
      # HELP proxy_build_info Proxy build info.
      # TYPE proxy_build_info gauge
      proxy_build_info{date="2026-08-21T15:03:02Z",git_sha="29637b6",profile="release",vendor="linkerd",version="2.366.0"} 1
      # HELP control_identity_cert_expiration_timestamp_seconds Time when this proxy's current mTLS identity certificate will expire (in seconds since the UNIX epoch).
      # TYPE control_identity_cert_expiration_timestamp_seconds gauge
      # UNIT control_identity_cert_expiration_timestamp_seconds seconds
      control_identity_cert_expiration_timestamp_seconds 1798765200.0
      control_identity_cert_refresh_timestamp_seconds 1798761601.25
      # TYPE control_identity_cert_refreshes counter
      control_identity_cert_refreshes_total{result="error"} 0
      control_identity_cert_refreshes_total{result="ok"} 2
      # TYPE control_destination_balancer_endpoints gauge
      control_destination_balancer_endpoints{endpoint_state="pending",addr="linkerd-dst-headless.linkerd.svc.cluster.local:8086"} 1
      control_destination_balancer_endpoints{endpoint_state="ready",addr="linkerd-dst-headless.linkerd.svc.cluster.local:8086"} 3
      # TYPE control_policy_balancer_endpoints gauge
      control_policy_balancer_endpoints{endpoint_state="ready",addr="linkerd-policy.linkerd.svc.cluster.local:8090"} 1
      control_policy_balancer_endpoints{endpoint_state="pending",addr="linkerd-policy.linkerd.svc.cluster.local:8090"} 0
      control_response_latency_ms_bucket{addr="linkerd-policy.linkerd.svc.cluster.local:8090",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",status_code="200",le="1"} 1
      control_response_latency_ms_count{addr="linkerd-policy.linkerd.svc.cluster.local:8090",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",status_code="200"} 8
      control_response_latency_ms_count{addr="linkerd-policy.linkerd.svc.cluster.local:8090",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local"} 0
      control_response_latency_ms_count{addr="linkerd-dst-headless.linkerd.svc.cluster.local:8086",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",status_code="200"} 2
      control_response_total{addr="linkerd-dst-headless.linkerd.svc.cluster.local:8086",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",status_code="200",classification="success",grpc_status="2",error=""} 2
      control_response_total{addr="linkerd-policy.linkerd.svc.cluster.local:8090",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",status_code="200",classification="failure",grpc_status="",error="unclassified"} 2
      control_response_total{addr="linkerd-policy.linkerd.svc.cluster.local:8090",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",status_code="200",classification="success",grpc_status="0",error=""} 3
      control_response_total{addr="linkerd-policy.linkerd.svc.cluster.local:8090",tls="true",server_id="linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",classification="failure",grpc_status="",error="unclassified"} 19
      request_total{direction="inbound",authority="a{b} c"} 4
      # EOF
      """;

  /** Of a proxy that waits for its certificate. */
  public static final String STARTING =
      """
      proxy_build_info{date="2026-08-21T15:03:02Z",git_sha="29637b6",profile="release",vendor="linkerd",version="2.366.0"} 1
      control_identity_cert_expiration_timestamp_seconds 0.0
      control_identity_cert_refresh_timestamp_seconds 0.0
      control_identity_cert_refreshes_total{result="error"} 0
      control_identity_cert_refreshes_total{result="ok"} 0
      # EOF
      """;

  private MetricsText() {}
}
