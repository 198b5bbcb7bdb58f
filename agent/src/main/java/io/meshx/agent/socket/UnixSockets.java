// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.socket;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The one thread on which all sockets of gRPC and systemd are served, and channels on it.
 *
 * <p>The constructor loads netty, its native library and gRPC, which is most of what the first call
 * would cost; construct it early, beside other work.
 */
public final class UnixSockets implements AutoCloseable {
  private static final long CLOSE_SECONDS = 2;

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("unix-sockets", true), EpollIoHandler.newFactory());
  private final EventLoop loop = group.next();

  /** The thread; nothing that waits may run on it. */
  public EventLoop loop() {
    return loop;
  }

  /**
   * A channel to the socket at a path. It connects with the first call, and again by the path with
   * a call after the connection was lost, so a server that makes its socket anew is found again.
   * Listeners are called on {@link #loop}. The caller shuts it down.
   */
  public ManagedChannel channel(Path socket) {
    // No keep-alive: grpc-go closes connections on which a client pings more than every 5 minutes.
    return NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
        .eventLoopGroup(group)
        .channelType(EpollDomainSocketChannel.class)
        // gRPC sets SO_KEEPALIVE, and netty warns that a Unix socket has none.
        .withOption(ChannelOption.SO_KEEPALIVE, null)
        // Otherwise the path is sent as :authority, which strict servers refuse.
        .overrideAuthority("localhost")
        .executor(loop)
        .usePlaintext()
        .disableRetry()
        .disableServiceConfigLookUp()
        .build();
  }

  /** A channel to a server on this machine, in plaintext; the caller shuts it down. */
  public ManagedChannel channel(InetSocketAddress address) {
    return NettyChannelBuilder.forAddress(address)
        .eventLoopGroup(group)
        .channelType(EpollSocketChannel.class)
        .executor(loop)
        .usePlaintext()
        .disableRetry()
        .disableServiceConfigLookUp()
        .build();
  }

  /** Makes a datagram socket at a path, whose datagrams are dropped; it ends with the thread. */
  public void sink(Path socket) {
    new Bootstrap()
        .group(group)
        .channel(EpollDomainDatagramChannel.class)
        .handler(new ChannelInboundHandlerAdapter())
        .bind(new DomainSocketAddress(socket.toString()))
        .syncUninterruptibly();
  }

  /** Ends the thread; waits at most two seconds for it. */
  @Override
  public void close() {
    group
        .shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
  }
}
