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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

  private static final AgentHealth SILENT = new AgentHealth.Silent();

  /**
   * Making one takes most of the time of a look.
   *
   * @param files by which it shows that a path leads to another socket now
   */
  private record Connection(List<Object> files, ManagedChannel admin, ManagedChannel workloads) {}

  private final UnixSockets sockets;
  private final Path publicSocket;
  private final Path adminSocket;
  private final InstantSource clock;
  private volatile @Nullable Connection connection;

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
  public synchronized AgentHealth observe() {
    try {
      Connection open = connected();
      return info(open).map(info -> answer(info, serves(open.workloads()))).orElse(SILENT);
    } catch (NoSuchFileException e) {
      disconnect();
      return new AgentHealth.WithoutSocket(Path.of(e.getFile()));
    } catch (IOException | StatusRuntimeException e) {
      LOG.debug("'{}' does not answer", adminSocket, e);
      disconnect();
      return SILENT;
    }
  }

  /** The connection of the last time, unless a socket is another one now. */
  private Connection connected() throws IOException {
    List<Object> files = new ArrayList<>();
    for (Path socket : List.of(adminSocket, publicSocket)) {
      BasicFileAttributes file = Files.readAttributes(socket, BasicFileAttributes.class);
      // The number of an inode may come again.
      files.add(List.of(file.fileKey(), file.creationTime()));
    }
    Connection open = connection;
    if (open == null || !open.files().equals(files)) {
      disconnect();
      open = new Connection(files, sockets.channel(adminSocket), sockets.channel(publicSocket));
      connection = open;
    }
    return open;
  }

  private void disconnect() {
    Connection open = connection;
    if (open != null) {
      open.admin().shutdownNow();
      open.workloads().shutdownNow();
      connection = null;
    }
  }

  private static Optional<GetInfoResponse> info(Connection open) {
    return Optional.of(
            DebugGrpc.newBlockingStub(open.admin())
                .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                .getInfo(GetInfoRequest.getDefaultInstance()))
        .filter(info -> info.getSvidChainCount() > 0);
  }

  private AgentHealth answer(GetInfoResponse info, boolean serving) {
    SPIFFEID id = info.getSvidChain(0).getId();
    return new AgentHealth.Answers(
        clock.instant(),
        new SpiffeId(new TrustDomain(id.getTrustDomain()), id.getPath()),
        Instant.ofEpochSecond(info.getSvidChain(0).getExpiresAt()),
        Duration.ofSeconds(info.getUptime()),
        info.getLastSyncSuccess() == 0
            ? Optional.empty()
            : Optional.of(Instant.ofEpochSecond(info.getLastSyncSuccess())),
        serving);
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

  /** Ends a look that is under way, too. */
  @Override
  public void close() {
    disconnect();
  }
}
