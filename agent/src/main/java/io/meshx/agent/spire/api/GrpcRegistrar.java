// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire.api;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractStub;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.proto.spire.AgentGrpc;
import io.meshx.agent.proto.spire.BatchCreateEntryRequest;
import io.meshx.agent.proto.spire.BatchCreateEntryResponse;
import io.meshx.agent.proto.spire.BatchDeleteEntryRequest;
import io.meshx.agent.proto.spire.BatchDeleteEntryResponse;
import io.meshx.agent.proto.spire.CreateJoinTokenRequest;
import io.meshx.agent.proto.spire.Entry;
import io.meshx.agent.proto.spire.EntryGrpc;
import io.meshx.agent.proto.spire.ListEntriesRequest;
import io.meshx.agent.proto.spire.ListEntriesResponse;
import io.meshx.agent.proto.spire.SPIFFEID;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.Registrar;
import io.meshx.agent.spire.Registration;
import java.io.FileNotFoundException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The registration API of a SPIRE server over its admin socket. Whoever can open that socket is the
 * server's administrator. Each call has a deadline.
 *
 * @see <a href="https://github.com/spiffe/spire-api-sdk/tree/v1.15.2/proto/spire/api/server">SPIRE
 *     server API</a>
 */
public final class GrpcRegistrar implements Registrar {
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final UnixSockets sockets;
  private final Path socket;
  private final Duration deadline;

  /**
   * Connects to nothing yet.
   *
   * @param sockets must be open while there are calls
   * @param socket path of the server's admin socket
   */
  public GrpcRegistrar(UnixSockets sockets, Path socket) {
    this(sockets, socket, DEADLINE);
  }

  GrpcRegistrar(UnixSockets sockets, Path socket, Duration deadline) {
    this.sockets = sockets;
    this.socket = socket;
    this.deadline = deadline;
  }

  @Override
  public SortedSet<Registration> observe(SpiffeId parent) throws HostException {
    TreeSet<Registration> found = new TreeSet<>();
    for (Entry entry : entries(parent)) {
      found.add(registration(entry));
    }
    return found;
  }

  @Override
  public void register(Registration registration) throws HostException {
    BatchCreateEntryRequest request =
        BatchCreateEntryRequest.newBuilder().addEntries(entry(registration)).build();
    String call = "BatchCreateEntry for '" + registration + "'";
    BatchCreateEntryResponse response = entryCall(call, api -> api.batchCreateEntry(request));
    for (var result : response.getResultsList()) {
      check(call, result.getStatus(), Status.Code.ALREADY_EXISTS);
    }
  }

  @Override
  public void unregister(Registration registration) throws HostException {
    List<String> ids = new ArrayList<>();
    for (Entry entry : entries(registration.parent())) {
      if (registration(entry).equals(registration)) {
        ids.add(entry.getId());
      }
    }
    if (ids.isEmpty()) {
      return;
    }
    BatchDeleteEntryRequest request = BatchDeleteEntryRequest.newBuilder().addAllIds(ids).build();
    String call = "BatchDeleteEntry for '" + registration + "'";
    BatchDeleteEntryResponse response = entryCall(call, api -> api.batchDeleteEntry(request));
    for (var result : response.getResultsList()) {
      check(call, result.getStatus(), Status.Code.NOT_FOUND);
    }
  }

  @Override
  public String createJoinToken(SpiffeId alias, Duration validity) throws HostException {
    CreateJoinTokenRequest request =
        CreateJoinTokenRequest.newBuilder()
            .setTtl(Math.toIntExact(Math.max(1, validity.toSeconds())))
            .setAgentId(id(alias))
            .build();
    return call(
            "CreateJoinToken for '" + alias + "'",
            channel -> withDeadline(AgentGrpc.newBlockingStub(channel)).createJoinToken(request))
        .getValue();
  }

  private List<Entry> entries(SpiffeId parent) throws HostException {
    List<Entry> entries = new ArrayList<>();
    String page = "";
    do {
      ListEntriesRequest request =
          ListEntriesRequest.newBuilder()
              .setFilter(ListEntriesRequest.Filter.newBuilder().setByParentId(id(parent)))
              .setPageToken(page)
              .build();
      ListEntriesResponse response =
          entryCall("ListEntries of parent '" + parent + "'", api -> api.listEntries(request));
      entries.addAll(response.getEntriesList());
      page = response.getNextPageToken();
    } while (!page.isEmpty());
    return entries;
  }

  private <T> T entryCall(String call, Function<EntryGrpc.EntryBlockingStub, T> remote)
      throws HostException {
    return call(call, channel -> remote.apply(withDeadline(EntryGrpc.newBlockingStub(channel))));
  }

  private <S extends AbstractStub<S>> S withDeadline(S stub) {
    return stub.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
  }

  // Each call has a channel of its own: one that failed to connect would go on to fail for a while
  // after the server has started.
  private <T> T call(String call, Function<ManagedChannel, T> remote) throws HostException {
    ManagedChannel channel = sockets.channel(socket);
    try {
      return remote.apply(channel);
    } catch (StatusRuntimeException e) {
      throw new HostException.RpcFailed(call + " at '" + socket + "'", words(e.getStatus()), e);
    } finally {
      channel.shutdownNow();
    }
  }

  private static String words(Status status) {
    Throwable cause = status.getCause();
    if (cause instanceof FileNotFoundException) {
      return "the socket does not exist";
    }
    return cause == null || cause.getMessage() == null
        ? status.getCode() + ": " + status.getDescription()
        : cause.getMessage();
  }

  private void check(String call, io.meshx.agent.proto.spire.Status status, Status.Code alsoGood)
      throws HostException {
    if (status.getCode() != Status.Code.OK.value() && status.getCode() != alsoGood.value()) {
      throw new HostException.RpcFailed(
          call + " at '" + socket + "'",
          Status.fromCodeValue(status.getCode()).getCode() + ": " + status.getMessage(),
          null);
    }
  }

  private static Entry entry(Registration registration) {
    Entry.Builder entry =
        Entry.newBuilder()
            .setSpiffeId(id(registration.id()))
            .setParentId(id(registration.parent()));
    for (Selector selector : registration.selectors()) {
      entry.addSelectorsBuilder().setType(selector.type()).setValue(selector.value());
    }
    return entry.build();
  }

  private static Registration registration(Entry entry) {
    TreeSet<Selector> selectors = new TreeSet<>();
    for (var selector : entry.getSelectorsList()) {
      selectors.add(new Selector(selector.getType(), selector.getValue()));
    }
    return new Registration(id(entry.getSpiffeId()), id(entry.getParentId()), selectors);
  }

  private static SPIFFEID id(SpiffeId id) {
    return SPIFFEID.newBuilder().setTrustDomain(id.trustDomain().text()).setPath(id.path()).build();
  }

  private static SpiffeId id(SPIFFEID id) {
    return new SpiffeId(new TrustDomain(id.getTrustDomain()), id.getPath());
  }
}
