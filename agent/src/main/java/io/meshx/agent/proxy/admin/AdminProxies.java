// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy.admin;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.proxy.Proxies;
import io.meshx.agent.proxy.ProxyEndpoint;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.proxy.ProxyMetrics;
import io.meshx.agent.proxy.Readiness;
import io.meshx.agent.proxy.admin.AdminServer.Answer;
import io.meshx.agent.socket.TcpListeners;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at proxies through their admin ports, the kernel's list of listeners and the journal. */
public final class AdminProxies implements Proxies {
  private static final Logger LOG = LoggerFactory.getLogger(AdminProxies.class);
  private static final int OK = 200;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;

  private final PanicSearch panics;
  private final TcpListeners listeners;
  // Listeners live as long as the process, so once seen they need not be looked for again.
  private final Map<UnitName, String> boundInvocations = new ConcurrentHashMap<>();

  /**
   * Keeps what it looks through.
   *
   * @param commands runs journalctl
   * @param clock by which the journal is not read too often
   * @param procNet {@code /proc/net}
   */
  public AdminProxies(Commands commands, InstantSource clock, Path procNet) {
    this.panics = new PanicSearch(commands, clock);
    this.listeners = new TcpListeners(procNet);
  }

  @Override
  public ProxyHealth look(ProxyEndpoint endpoint) {
    AdminServer server = new AdminServer(endpoint.admin());
    try {
      Answer answer = server.get("/metrics");
      return switch (answer.status()) {
        case OK -> judge(endpoint, server, ProxyMetrics.parse(answer.body()));
        case FORBIDDEN, NOT_FOUND -> new ProxyHealth.AdminClosedByPolicy(answer.status());
        default -> new ProxyHealth.Unreachable("/metrics answered with status " + answer.status());
      };
    } catch (IOException e) {
      LOG.debug("admin port {} of '{}'", endpoint.admin(), endpoint.unit(), e);
      return new ProxyHealth.Unreachable(
          "admin port 127.0.0.1:" + endpoint.admin() + ": " + e.getMessage());
    }
  }

  private ProxyHealth judge(ProxyEndpoint endpoint, AdminServer server, ProxyMetrics metrics)
      throws IOException {
    Set<Port> bound = bound(endpoint);
    Readiness readiness =
        Readiness.of(
            metrics, bound.contains(endpoint.inbound()), bound.contains(endpoint.outbound()));
    Optional<ProxyHealth.Refused> refusal = readiness.refusal();
    if (refusal.isPresent()) {
      return refusal.get();
    }
    boolean saysReady = metrics.refreshes() == 0 && server.get("/ready").status() == OK;
    if (!readiness.needsLog(saysReady)) {
      return readiness.health(Optional.empty());
    }
    try {
      return readiness.health(panics.find(endpoint, readiness.missing().isEmpty()));
    } catch (HostException.CommandFailed e) {
      LOG.debug("journal of '{}'", endpoint.unit(), e);
      List<String> missing = new ArrayList<>(readiness.missing());
      missing.add("its journal cannot be searched for a panic: " + e.getMessage());
      return new ProxyHealth.NotReady(missing);
    }
  }

  private Set<Port> bound(ProxyEndpoint endpoint) throws IOException {
    if (endpoint.invocation().equals(boundInvocations.get(endpoint.unit()))) {
      return Set.of(endpoint.inbound(), endpoint.outbound());
    }
    Set<Port> bound = Set.copyOf(listeners.observe().values());
    if (bound.contains(endpoint.inbound()) && bound.contains(endpoint.outbound())) {
      boundInvocations.put(endpoint.unit(), endpoint.invocation());
    }
    return bound;
  }
}
