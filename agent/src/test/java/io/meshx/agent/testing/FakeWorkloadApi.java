// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.meshx.agent.proto.delegatedidentity.DelegatedIdentityGrpc;
import io.meshx.agent.proto.delegatedidentity.SubscribeToX509SVIDsResponse;
import io.meshx.agent.proto.delegatedidentity.X509SVIDWithKey;
import io.meshx.agent.proto.workloadapi.SpiffeWorkloadAPIGrpc;
import io.meshx.agent.proto.workloadapi.X509SVIDResponse;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A SPIRE agent as far as its two sockets go. A test takes each stream that a client opens and says
 * on it whatever it wants, bytes that are no message included.
 */
public final class FakeWorkloadApi implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 20;
  private static final int KEY_OF_OWN = 3;
  private static final int KEY_OF_DELEGATED = 2;

  private final Path directory;
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final LinkedBlockingQueue<Stream> own = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Stream> delegated = new LinkedBlockingQueue<>();
  private Server publicServer;
  private Server adminServer;

  /** Listens on {@code public.sock} and {@code admin.sock} in a directory. */
  public FakeWorkloadApi(Path directory) {
    this.directory = directory;
    this.publicServer = listen(publicSocket(), SpiffeWorkloadAPIGrpc.getFetchX509SVIDMethod(), own);
    this.adminServer =
        listen(adminSocket(), DelegatedIdentityGrpc.getSubscribeToX509SVIDsMethod(), delegated);
  }

  public Path publicSocket() {
    return directory.resolve("public.sock");
  }

  public Path adminSocket() {
    return directory.resolve("admin.sock");
  }

  /** The next stream that a client opens, or has opened, on the public socket. */
  public Stream nextOwn() throws InterruptedException {
    return next(own, "on the public socket");
  }

  /** The next stream that a client opens, or has opened, on the admin socket. */
  public Stream nextDelegated() throws InterruptedException {
    return next(delegated, "on the admin socket");
  }

  /** Whether no stream waits to be taken on the admin socket. */
  public boolean noDelegated() {
    return delegated.isEmpty();
  }

  /** Ends as a program that is killed does, and removes the socket files. */
  public void stop() throws InterruptedException {
    publicServer.shutdownNow().awaitTermination();
    adminServer.shutdownNow().awaitTermination();
  }

  /** Starts anew, with new socket files. */
  public void restart() throws InterruptedException {
    stop();
    publicServer = listen(publicSocket(), SpiffeWorkloadAPIGrpc.getFetchX509SVIDMethod(), own);
    adminServer =
        listen(adminSocket(), DelegatedIdentityGrpc.getSubscribeToX509SVIDsMethod(), delegated);
  }

  @Override
  public void close() {
    publicServer.shutdownNow();
    adminServer.shutdownNow();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** A Workload API message with one SVID, its key included. */
  public static X509SVIDResponse own(String id, byte[] certificates) {
    return X509SVIDResponse.newBuilder()
        .addSvids(
            io.meshx
                .agent
                .proto
                .workloadapi
                .X509SVID
                .newBuilder()
                .setSpiffeId(id)
                .setX509Svid(ByteString.copyFrom(certificates))
                .setUnknownFields(key(KEY_OF_OWN)))
        .build();
  }

  /** A Delegated Identity API message with one SVID, its key included. */
  public static SubscribeToX509SVIDsResponse delegated(
      String trustDomain, String path, byte[] leaf) {
    X509SVIDWithKey.Builder svid =
        X509SVIDWithKey.newBuilder().setUnknownFields(key(KEY_OF_DELEGATED));
    svid.getX509SvidBuilder().addCertChain(ByteString.copyFrom(leaf));
    svid.getX509SvidBuilder().getIdBuilder().setTrustDomain(trustDomain).setPath(path);
    return SubscribeToX509SVIDsResponse.newBuilder().addX509Svids(svid).build();
  }

  /** The same with a key that can be read. */
  public static SubscribeToX509SVIDsResponse delegated(
      String trustDomain, String path, byte[] leaf, byte[] key) {
    SubscribeToX509SVIDsResponse.Builder message = delegated(trustDomain, path, leaf).toBuilder();
    message
        .getX509SvidsBuilder(0)
        .setUnknownFields(key(KEY_OF_DELEGATED, ByteString.copyFrom(key)));
    return message.build();
  }

  private static UnknownFieldSet key(int field) {
    return key(field, ByteString.copyFromUtf8("a private key"));
  }

  private static UnknownFieldSet key(int field, ByteString key) {
    return UnknownFieldSet.newBuilder()
        .addField(field, UnknownFieldSet.Field.newBuilder().addLengthDelimited(key).build())
        .build();
  }

  private static Stream next(LinkedBlockingQueue<Stream> streams, String where)
      throws InterruptedException {
    Stream stream = streams.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (stream == null) {
      throw new AssertionError("nobody opened a stream " + where);
    }
    return stream;
  }

  private Server listen(
      Path socket, MethodDescriptor<?, ?> method, LinkedBlockingQueue<Stream> streams) {
    MethodDescriptor<byte[], byte[]> raw =
        method.toBuilder(Bytes.MARSHALLER, Bytes.MARSHALLER).build();
    ServerServiceDefinition service =
        ServerServiceDefinition.builder(String.valueOf(method.getServiceName()))
            .addMethod(
                raw,
                (call, headers) -> {
                  call.request(1);
                  return new Stream(call, headers, streams);
                })
            .build();
    try {
      return NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
          .channelType(EpollServerDomainSocketChannel.class)
          .bossEventLoopGroup(group)
          .workerEventLoopGroup(group)
          .directExecutor()
          .addService(service)
          .build()
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A stream that a client opened. */
  public static final class Stream extends ServerCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final Metadata headers;
    private final LinkedBlockingQueue<Stream> streams;
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private volatile byte[] request = new byte[0];
    private boolean begun;

    private Stream(
        ServerCall<byte[], byte[]> call, Metadata headers, LinkedBlockingQueue<Stream> streams) {
      this.call = call;
      this.headers = headers;
      this.streams = streams;
    }

    @Override
    public void onMessage(byte[] message) {
      request = message;
    }

    @Override
    public void onHalfClose() {
      streams.add(this);
    }

    @Override
    public void onCancel() {
      cancelled.countDown();
    }

    /** The request as it came. */
    public byte[] request() {
      return request.clone();
    }

    /** The :authority that the client named. */
    public String authority() {
      return String.valueOf(call.getAuthority());
    }

    /** All values of a header. */
    public List<String> header(String name) {
      List<String> values = new ArrayList<>();
      Iterable<String> all =
          headers.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
      if (all != null) {
        all.forEach(values::add);
      }
      return values;
    }

    /** Sends a message. */
    public void send(Message message) {
      send(message.toByteArray());
    }

    /** Sends bytes as a message. */
    public synchronized void send(byte[] message) {
      if (!begun) {
        begun = true;
        call.sendHeaders(new Metadata());
      }
      call.sendMessage(message);
    }

    /** Ends the stream. */
    public synchronized void end(Status status) {
      call.close(status, new Metadata());
    }

    /** Waits until the client has given the stream up. */
    public void awaitCancelled() throws InterruptedException {
      if (!cancelled.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("the client still has the stream");
      }
    }
  }

  /** Messages as bytes. */
  private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
    MARSHALLER;

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
