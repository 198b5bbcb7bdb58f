// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import java.time.Instant;
import java.util.List;

/** Whether a proxy can carry traffic, judged by more than its own /ready. */
public sealed interface ProxyHealth {
  /**
   * The admin server does not answer.
   *
   * @param why what came back
   */
  record Unreachable(String why) implements ProxyHealth {}

  /**
   * The admin server refuses to tell because of an inbound policy on its port. A policy that the
   * policy service serves always lets this host in, so it is the proxy's own policy, in force until
   * the service has answered, or a Server for the port without a route to what was asked for.
   *
   * @param status the HTTP status, 403 or 404
   * @see <a
   *     href="https://github.com/linkerd/linkerd2-proxy/blob/release/v2.366.0/linkerd/proxy/server-policy/src/lib.rs">
   *     linkerd2-proxy, server-policy/src/lib.rs, "Always permit traffic from localhost"</a>
   */
  record AdminClosedByPolicy(int status) implements ProxyHealth {}

  /**
   * Some of what makes a proxy ready is missing.
   *
   * @param missing each missing thing in words, at least one
   */
  record NotReady(List<String> missing) implements ProxyHealth {
    /** Keeps a copy. */
    public NotReady {
      missing = List.copyOf(missing);
    }
  }

  /**
   * It looks alive and never will be ready: its identity task died.
   *
   * @param evidence what shows it, such as the panic in its log
   */
  record Zombie(String evidence) implements ProxyHealth {}

  /**
   * Its version is known not to work with SPIRE.
   *
   * @param version as the proxy reports it
   * @param reason why it is refused, and which to use
   */
  record Refused(String version, String reason) implements ProxyHealth {}

  /**
   * Ready: certificate refreshed, policy and destination reached, listeners bound, no panic.
   *
   * @param version as the proxy reports it
   * @param certificateExpiry end of validity of the certificate that it holds
   */
  record Ready(String version, Instant certificateExpiry) implements ProxyHealth {}
}
