// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.meshx.agent.proto.spire.AgentGrpc;
import io.meshx.agent.proto.spire.BatchCreateEntryRequest;
import io.meshx.agent.proto.spire.BatchCreateEntryResponse;
import io.meshx.agent.proto.spire.BatchDeleteEntryRequest;
import io.meshx.agent.proto.spire.BatchDeleteEntryResponse;
import io.meshx.agent.proto.spire.CreateJoinTokenRequest;
import io.meshx.agent.proto.spire.Entry;
import io.meshx.agent.proto.spire.EntryGrpc;
import io.meshx.agent.proto.spire.JoinToken;
import io.meshx.agent.proto.spire.ListEntriesRequest;
import io.meshx.agent.proto.spire.ListEntriesResponse;
import io.meshx.agent.proto.spire.Status;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A SPIRE server's admin socket, with entries in memory, and calls that a test can take over. */
public final class FakeSpireServer implements AutoCloseable {
  private static final int OK = 0;
  private static final int NOT_FOUND = 5;
  private static final int ALREADY_EXISTS = 6;

  private final Path socket;
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private volatile int pageSize = Integer.MAX_VALUE;
  private volatile BiConsumer<BatchCreateEntryRequest, StreamObserver<BatchCreateEntryResponse>>
      create = this::create;
  private volatile BiConsumer<BatchDeleteEntryRequest, StreamObserver<BatchDeleteEntryResponse>>
      delete = this::delete;
  private Server server;

  /** Listens at a path. */
  public FakeSpireServer(Path socket) {
    this.socket = socket;
    this.server = listen();
  }

  /** Where it listens. */
  public Path socket() {
    return socket;
  }

  /** How many entries a page of a list has. */
  public void pageSize(int entriesOnPage) {
    pageSize = entriesOnPage;
  }

  /** Has a test answer BatchCreateEntry. */
  public void onCreate(
      BiConsumer<BatchCreateEntryRequest, StreamObserver<BatchCreateEntryResponse>> answer) {
    create = answer;
  }

  /** Has a test answer BatchDeleteEntry. */
  public void onDelete(
      BiConsumer<BatchDeleteEntryRequest, StreamObserver<BatchDeleteEntryResponse>> answer) {
    delete = answer;
  }

  /** Ends, and removes its socket. */
  public void stop() {
    server.shutdownNow();
    try {
      server.awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts anew, with the entries that it had. */
  public void restart() {
    stop();
    server = listen();
  }

  @Override
  public void close() {
    server.shutdownNow();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private Server listen() {
    try {
      return NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
          .channelType(EpollServerDomainSocketChannel.class)
          .bossEventLoopGroup(group)
          .workerEventLoopGroup(group)
          .directExecutor()
          .addService(new Entries())
          .addService(new Agents())
          .build()
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static <T> void answer(StreamObserver<T> observer, T message) {
    observer.onNext(message);
    observer.onCompleted();
  }

  private static Status status(int code) {
    return Status.newBuilder().setCode(code).build();
  }

  private synchronized void create(
      BatchCreateEntryRequest request, StreamObserver<BatchCreateEntryResponse> observer) {
    BatchCreateEntryResponse.Builder response = BatchCreateEntryResponse.newBuilder();
    for (Entry wanted : request.getEntriesList()) {
      Optional<Entry> there =
          entries.values().stream().filter(entry -> same(entry, wanted)).findFirst();
      Entry entry =
          there.orElseGet(() -> wanted.toBuilder().setId(UUID.randomUUID().toString()).build());
      entries.put(entry.getId(), entry);
      response
          .addResultsBuilder()
          .setStatus(status(there.isPresent() ? ALREADY_EXISTS : OK))
          .setEntry(entry);
    }
    answer(observer, response.build());
  }

  private static boolean same(Entry a, Entry b) {
    return a.getSpiffeId().equals(b.getSpiffeId())
        && a.getParentId().equals(b.getParentId())
        && new HashSet<>(a.getSelectorsList()).equals(new HashSet<>(b.getSelectorsList()));
  }

  private synchronized void delete(
      BatchDeleteEntryRequest request, StreamObserver<BatchDeleteEntryResponse> observer) {
    BatchDeleteEntryResponse.Builder response = BatchDeleteEntryResponse.newBuilder();
    for (String id : request.getIdsList()) {
      response
          .addResultsBuilder()
          .setId(id)
          .setStatus(status(entries.remove(id) == null ? NOT_FOUND : OK));
    }
    answer(observer, response.build());
  }

  private synchronized void list(
      ListEntriesRequest request, StreamObserver<ListEntriesResponse> observer) {
    List<Entry> found =
        entries.values().stream()
            .filter(entry -> entry.getParentId().equals(request.getFilter().getByParentId()))
            .toList();
    int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
    int to = (int) Math.min(found.size(), (long) from + pageSize);
    answer(
        observer,
        ListEntriesResponse.newBuilder()
            .addAllEntries(found.subList(from, to))
            .setNextPageToken(to < found.size() ? Integer.toString(to) : "")
            .build());
  }

  private final class Entries extends EntryGrpc.EntryImplBase {
    @Override
    public void listEntries(
        ListEntriesRequest request, StreamObserver<ListEntriesResponse> observer) {
      list(request, observer);
    }

    @Override
    public void batchCreateEntry(
        BatchCreateEntryRequest request, StreamObserver<BatchCreateEntryResponse> observer) {
      create.accept(request, observer);
    }

    @Override
    public void batchDeleteEntry(
        BatchDeleteEntryRequest request, StreamObserver<BatchDeleteEntryResponse> observer) {
      delete.accept(request, observer);
    }
  }

  private static final class Agents extends AgentGrpc.AgentImplBase {
    @Override
    public void createJoinToken(
        CreateJoinTokenRequest request, StreamObserver<JoinToken> observer) {
      answer(observer, JoinToken.newBuilder().setValue(UUID.randomUUID().toString()).build());
    }
  }
}
