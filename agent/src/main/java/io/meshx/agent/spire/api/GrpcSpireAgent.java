// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire.api;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.proto.health.HealthCheckRequest;
import io.meshx.agent.proto.health.HealthCheckResponse.ServingStatus;
import io.meshx.agent.proto.health.HealthGrpc;
import io.meshx.agent.proto.spire.SPIFFEID;
import io.meshx.agent.proto.spire.debug.DebugGrpc;
import io.meshx.agent.proto.spire.debug.GetInfoRequest;
import io.meshx.agent.proto.spire.debug.GetInfoResponse;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.AgentHealth;
import io.meshx.agent.spire.SpireAgent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A SPIRE agent's health on its Workload API socket, and its Debug API on its admin socket.
 *
 * @see <a
 *     href="https://github.com/spiffe/spire-api-sdk/blob/v1.15.2/proto/spire/api/agent/debug/v1/debug.proto">
 *     spire-api-sdk, debug.proto</a>
 */
public final class GrpcSpireAgent implements SpireAgent {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcSpireAgent.class);
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final UnixSockets sockets;
  private final Path publicSocket;
  private final Path adminSocket;
  private final InstantSource clock;

  /**
   * Connects to nothing yet.
   *
   * @param sockets must be open while there are calls
   * @param publicSocket path of its Workload API socket
   * @param adminSocket path of its admin socket
   * @param clock wall time
   */
  public GrpcSpireAgent(
      UnixSockets sockets, Path publicSocket, Path adminSocket, InstantSource clock) {
    this.sockets = sockets;
    this.publicSocket = publicSocket;
    this.adminSocket = adminSocket;
    this.clock = clock;
  }

  @Override
  public AgentHealth observe() {
    for (Path socket : List.of(adminSocket, publicSocket)) {
      if (Files.notExists(socket)) {
        return new AgentHealth.WithoutSocket(socket);
      }
    }
    ManagedChannel admin = sockets.channel(adminSocket);
    ManagedChannel workloads = sockets.channel(publicSocket);
    try {
      GetInfoResponse info =
          DebugGrpc.newBlockingStub(admin)
              .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
              .getInfo(GetInfoRequest.getDefaultInstance());
      if (info.getSvidChainCount() == 0) {
        return new AgentHealth.Silent();
      }
      SPIFFEID id = info.getSvidChain(0).getId();
      return new AgentHealth.Answers(
          clock.instant(),
          new SpiffeId(new TrustDomain(id.getTrustDomain()), id.getPath()),
          Instant.ofEpochSecond(info.getSvidChain(0).getExpiresAt()),
          Duration.ofSeconds(info.getUptime()),
          info.getLastSyncSuccess() == 0
              ? Optional.empty()
              : Optional.of(Instant.ofEpochSecond(info.getLastSyncSuccess())),
          serves(workloads));
    } catch (StatusRuntimeException e) {
      LOG.debug("'{}' does not answer", adminSocket, e);
      return new AgentHealth.Silent();
    } finally {
      admin.shutdownNow();
      workloads.shutdownNow();
    }
  }

  private boolean serves(ManagedChannel channel) {
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException e) {
      LOG.debug("'{}' does not answer", publicSocket, e);
      return false;
    }
  }
}
