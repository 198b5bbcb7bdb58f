// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.status;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how the agent is, over the socket in NOTIFY_SOCKET.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/sd_notify.html">sd_notify(3)</a>
 */
public final class ServiceNotifier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceNotifier.class);

  private final Optional<Channel> channel;

  private ServiceNotifier(Optional<Channel> channel) {
    this.channel = channel;
  }

  /**
   * Connects to systemd's socket; without one, what is told goes nowhere.
   *
   * @param socket value of NOTIFY_SOCKET: a path, or an abstract name after an {@code @}
   * @param eventLoop epoll event loop to use
   */
  public static ServiceNotifier open(Optional<String> socket, EventLoopGroup eventLoop) {
    return new ServiceNotifier(
        socket
            .filter(name -> !name.isEmpty())
            .map(name ->
                new Bootstrap()
                    .group(eventLoop)
                    .channel(EpollDomainDatagramChannel.class)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(
                        new DomainSocketAddress(
                            name.startsWith("@") ? "\0" + name.substring(1) : name))
                    .syncUninterruptibly()
                    .channel()));
  }

  /** The service is up. */
  public void ready() {
    send("READY=1");
  }

  /** The service still makes progress. */
  public void alive() {
    send("WATCHDOG=1");
  }

  /** The service is about to end. */
  public void stopping() {
    send("STOPPING=1");
  }

  /**
   * What the service is doing.
   *
   * @param line one line for people
   */
  public void status(String line) {
    send("STATUS=" + line.replace('\n', ' '));
  }

  private void send(String message) {
    channel.ifPresent(open ->
        open.writeAndFlush(Unpooled.copiedBuffer(message, StandardCharsets.UTF_8))
            .addListener(result -> {
              if (!result.isSuccess()) {
                LOG.warn("telling systemd '{}' failed: {}", message, result.cause());
              }
            }));
  }

  @Override
  public void close() {
    channel.ifPresent(open -> open.close().syncUninterruptibly());
  }
}
