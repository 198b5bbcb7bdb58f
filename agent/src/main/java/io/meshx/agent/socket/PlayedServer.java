// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.socket;

import com.google.protobuf.MessageLite;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers every gRPC call on a Unix socket with one message, so that a rehearsal can go through
 * what an answer takes. It speaks as much of HTTP/2 as that needs (RFC 9113, section 4.1, and RFC
 * 7541, section 6): a gRPC server would have the runtime keep hundreds of classes that the agent
 * never uses.
 */
public final class PlayedServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PlayedServer.class);

  private static final int PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length();
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;

  private static final int END_STREAM = 1;

  /** Of the static table; and, that a name with its value follows. */
  private static final int STATUS_200 = 0x88;

  private static final int LITERAL = 0;

  private final Path path;
  private final ServerSocketChannel server;
  private final byte[] answer;
  private final boolean ends;

  private PlayedServer(Path path, ServerSocketChannel server, MessageLite answer, boolean ends) {
    this.path = path;
    this.server = server;
    this.answer = answer.toByteArray();
    this.ends = ends;
  }

  /**
   * One whose calls stay open after the message.
   *
   * @param socket where; nothing is there yet
   * @throws IOException if the socket cannot be made
   */
  public static PlayedServer streaming(Path socket, MessageLite answer) throws IOException {
    return open(socket, answer, false);
  }

  /** One whose calls end well after the message. */
  public static PlayedServer unary(Path socket, MessageLite answer) throws IOException {
    return open(socket, answer, true);
  }

  private static PlayedServer open(Path path, MessageLite answer, boolean ends) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    PlayedServer played = new PlayedServer(path, server, answer, ends);
    Thread.ofVirtual().name("played-server").start(played::serve);
    return played;
  }

  private void serve() {
    try {
      while (true) {
        SocketChannel client = server.accept();
        Thread.ofVirtual().name("played-server-client").start(() -> answer(client));
      }
    } catch (ClosedChannelException e) {
      LOG.debug("socket '{}' closed", path, e);
    } catch (IOException e) {
      LOG.warn("accepting on '{}' failed: {}", path, e.getMessage());
    }
  }

  private void answer(SocketChannel client) {
    try (client;
        DataInputStream in = new DataInputStream(Channels.newInputStream(client));
        DataOutputStream out = new DataOutputStream(Channels.newOutputStream(client))) {
      frame(out, SETTINGS, 0, 0, new byte[0]);
      in.skipNBytes(PREFACE);
      while (true) {
        int lengthAndType = in.readInt();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        in.skipNBytes(lengthAndType >>> 8);
        int type = lengthAndType & 0xff;
        if (type == SETTINGS && flags != ACK) {
          frame(out, SETTINGS, ACK, 0, new byte[0]);
        } else if (type == HEADERS) {
          frame(out, HEADERS, END_HEADERS, stream, headers());
          frame(out, DATA, 0, stream, message());
          if (ends) {
            frame(out, HEADERS, END_HEADERS | END_STREAM, stream, trailers());
          }
        }
      }
    } catch (EOFException e) {
      LOG.debug("the client of '{}' has gone", path, e);
    } catch (IOException e) {
      LOG.debug("a client of '{}' was lost", path, e);
    }
  }

  private static byte[] headers() {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(STATUS_200);
    literal(block, "content-type", "application/grpc");
    return block.toByteArray();
  }

  private static byte[] trailers() {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    literal(block, "grpc-status", "0");
    return block.toByteArray();
  }

  /** Both are shorter than 127 characters. */
  private static void literal(ByteArrayOutputStream block, String name, String value) {
    block.write(LITERAL);
    for (String text : List.of(name, value)) {
      block.write(text.length());
      block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** Not compressed, and its length, before the message itself. */
  private byte[] message() {
    return ByteBuffer.allocate(5 + answer.length)
        .put((byte) 0)
        .putInt(answer.length)
        .put(answer)
        .array();
  }

  private static void frame(DataOutputStream out, int type, int flags, int stream, byte[] payload)
      throws IOException {
    out.writeInt(payload.length << 8 | type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
  }

  /** Answers nobody any more; the socket is gone. */
  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
  }
}
