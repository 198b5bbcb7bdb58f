// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proto.spire.BatchCreateEntryResponse;
import io.meshx.agent.proto.spire.BatchDeleteEntryResponse;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.Registrar;
import io.meshx.agent.spire.RegistrarContract;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.spire.Registrations;
import io.meshx.agent.testing.FakeSpireServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrpcRegistrarTest extends RegistrarContract {
  private static final Registrations HOST = new Registrations(DOMAIN, new WorkloadName("vm-1"));

  @TempDir Path directory;
  private UnixSockets sockets;
  private FakeSpireServer server;
  private GrpcRegistrar registrar;

  @BeforeEach
  void start() {
    sockets = new UnixSockets();
    server = new FakeSpireServer(directory.resolve("api.sock"));
    registrar = new GrpcRegistrar(sockets, server.socket(), Duration.ofSeconds(20));
  }

  @AfterEach
  void end() {
    sockets.close();
    server.close();
  }

  @Override
  protected Registrar registrar() {
    return registrar;
  }

  @Test
  void readsAllPages() throws HostException {
    Set<Registration> all = new TreeSet<>();
    for (int uid : IntStream.range(1, 6).toArray()) {
      Registration entry =
          HOST.proxy(
              SpiffeId.parse("spiffe://root.linkerd.cluster.local/w" + uid),
              new UnitName("meshx-proxy-w" + uid + ".service"),
              uid);
      registrar.register(entry);
      all.add(entry);
    }
    server.pageSize(2);

    assertEquals(all, registrar.observe(HOST.alias()));
  }

  @Test
  void saysWhyTheServerRefusedAnEntry() {
    server.onCreate((_, observer) ->
        answer(
            observer,
            BatchCreateEntryResponse.newBuilder()
                .addResults(
                    BatchCreateEntryResponse.Result.newBuilder()
                        .setStatus(
                            io.meshx.agent.proto.spire.Status.newBuilder()
                                .setCode(Status.Code.INVALID_ARGUMENT.value())
                                .setMessage("failed to convert entry")))
                .build()));

    String message =
        assertThrows(HostException.RpcFailed.class, () -> registrar.register(HOST.agent()))
            .getMessage();

    assertEquals(
        "calling BatchCreateEntry for '"
            + HOST.agent()
            + "' at '"
            + server.socket()
            + "' failed: INVALID_ARGUMENT: failed to convert entry",
        message);
  }

  @Test
  void saysWhyTheServerDidNotDeleteAnEntry() throws HostException {
    registrar.register(HOST.agent());
    server.onDelete((_, observer) ->
        answer(
            observer,
            BatchDeleteEntryResponse.newBuilder()
                .addResults(
                    BatchDeleteEntryResponse.Result.newBuilder()
                        .setStatus(
                            io.meshx.agent.proto.spire.Status.newBuilder()
                                .setCode(Status.Code.INTERNAL.value())
                                .setMessage("database is locked")))
                .build()));

    String message =
        String.valueOf(
            assertThrows(HostException.RpcFailed.class, () -> registrar.unregister(HOST.agent()))
                .getMessage());

    assertTrue(message.endsWith("failed: INTERNAL: database is locked"), message);
  }

  @Test
  void doesNotMindAnEntryThatIsDeletedMeanwhile() throws HostException {
    registrar.register(HOST.agent());
    server.onDelete((_, observer) ->
        answer(
            observer,
            BatchDeleteEntryResponse.newBuilder()
                .addResults(
                    BatchDeleteEntryResponse.Result.newBuilder()
                        .setStatus(
                            io.meshx.agent.proto.spire.Status.newBuilder()
                                .setCode(Status.Code.NOT_FOUND.value())))
                .build()));

    registrar.unregister(HOST.agent());

    assertEquals(Set.of(HOST.agent()), registrar.observe(HOST.alias()));
  }

  @Test
  void saysThatTheServerRefusedTheCall() {
    server.onCreate((_, observer) ->
        observer.onError(
            Status.PERMISSION_DENIED.withDescription("authorization denied").asRuntimeException()));

    String message =
        String.valueOf(
            assertThrows(HostException.RpcFailed.class, () -> registrar.register(HOST.agent()))
                .getMessage());

    assertTrue(message.endsWith("failed: PERMISSION_DENIED: authorization denied"), message);
  }

  @Test
  void givesUpOnAServerThatDoesNotAnswer() {
    server.onCreate((_, _) -> {});
    GrpcRegistrar hasty = new GrpcRegistrar(sockets, server.socket(), Duration.ofMillis(200));

    String message =
        String.valueOf(
            assertThrows(HostException.RpcFailed.class, () -> hasty.register(HOST.agent()))
                .getMessage());

    assertTrue(message.contains("DEADLINE_EXCEEDED"), message);
  }

  @Test
  void saysThatThereIsNoServerAndFindsOneThatStartsLater() throws HostException {
    server.stop();

    String message =
        String.valueOf(
            assertThrows(HostException.RpcFailed.class, () -> registrar.observe(HOST.alias()))
                .getMessage());
    assertTrue(
        message.startsWith("calling ListEntries of parent '" + HOST.alias() + "' at '")
            && message.endsWith("failed: the socket does not exist"),
        message);

    server.restart();

    assertEquals(Set.of(), registrar.observe(HOST.alias()));
  }

  private static <T> void answer(StreamObserver<T> observer, T message) {
    observer.onNext(message);
    observer.onCompleted();
  }
}
