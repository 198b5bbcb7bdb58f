// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.meshx.agent.proto.health.HealthCheckRequest;
import io.meshx.agent.proto.health.HealthCheckResponse;
import io.meshx.agent.proto.health.HealthCheckResponse.ServingStatus;
import io.meshx.agent.proto.health.HealthGrpc;
import io.meshx.agent.proto.workloadapi.SpiffeWorkloadAPIGrpc;
import io.meshx.agent.proto.workloadapi.X509SVID;
import io.meshx.agent.proto.workloadapi.X509SVIDRequest;
import io.meshx.agent.proto.workloadapi.X509SVIDResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PlayedServerTest {
  private static final long PATIENCE_SECONDS = 20;

  @TempDir Path directory;

  @Test
  void aUnaryCallGetsTheMessageEachTime() throws IOException {
    Path socket = directory.resolve("health.sock");
    HealthCheckResponse serving =
        HealthCheckResponse.newBuilder().setStatus(ServingStatus.SERVING).build();
    try (UnixSockets sockets = new UnixSockets();
        PlayedServer _ = PlayedServer.unary(socket, serving)) {
      ManagedChannel channel = sockets.channel(socket);
      for (int call = 0; call < 3; call++) {
        assertEquals(
            serving,
            HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance()));
      }
      channel.shutdownNow();
    }
    assertFalse(Files.exists(socket));
  }

  @Test
  void aStreamGetsTheMessageAndStaysOpen() throws IOException, InterruptedException {
    Path socket = directory.resolve("api.sock");
    X509SVIDResponse answer =
        X509SVIDResponse.newBuilder()
            .addSvids(X509SVID.newBuilder().setSpiffeId("spiffe://example.org/web"))
            .build();
    BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    try (UnixSockets sockets = new UnixSockets();
        PlayedServer _ = PlayedServer.streaming(socket, answer)) {
      ManagedChannel channel = sockets.channel(socket);
      SpiffeWorkloadAPIGrpc.newStub(channel)
          .fetchX509SVID(X509SVIDRequest.getDefaultInstance(), into(heard));
      assertEquals(answer, heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
      // What ends it is the client.
      channel.shutdownNow();
      assertEquals("Channel shutdownNow invoked", heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
  }

  private static StreamObserver<X509SVIDResponse> into(BlockingQueue<Object> heard) {
    return new StreamObserver<>() {
      @Override
      public void onNext(X509SVIDResponse message) {
        heard.add(message);
      }

      @Override
      public void onError(Throwable error) {
        heard.add(Status.fromThrowable(error).getDescription());
      }

      @Override
      public void onCompleted() {
        heard.add("completed");
      }
    };
  }
}
