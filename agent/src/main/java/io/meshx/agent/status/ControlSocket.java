// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.status;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.function.Function;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Unix socket between the meshx command and the daemon. A client sends one line, the question;
 * the answer is a line with an exit status and then the text to print, up to the end of the stream.
 * Whoever may open the socket may ask: root and the group meshx. Who may have something changed,
 * the kernel says of each client (unix(7), SO_PEERCRED).
 */
public final class ControlSocket implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlSocket.class);
  private static final int LONGEST_QUESTION = 100;
  private static final String GROUP = "meshx";

  private final Path path;
  private final ServerSocketChannel server;
  private final Function<Question, Answer> answers;

  /**
   * What is asked.
   *
   * @param text the line
   * @param mayChange whether the client is of the daemon's own user, so that it may have something
   *     changed
   */
  public record Question(String text, boolean mayChange) {}

  /**
   * What is answered.
   *
   * @param status the exit status that the client ends with
   * @param text what it prints
   */
  public record Answer(ExitStatus status, String text) {}

  private ControlSocket(Path path, ServerSocketChannel server, Function<Question, Answer> answers) {
    this.path = path;
    this.server = server;
    this.answers = answers;
  }

  /**
   * Opens the socket, in place of one that a dead agent left, and answers on it.
   *
   * @param path where; its directory exists
   * @param answers question to answer; called on many threads
   * @throws IOException if the socket cannot be made
   */
  public static ControlSocket open(Path path, Function<Question, Answer> answers)
      throws IOException {
    Files.deleteIfExists(path);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
    try {
      GroupPrincipal group =
          FileSystems.getDefault()
              .getUserPrincipalLookupService()
              .lookupPrincipalByGroupName(GROUP);
      Files.getFileAttributeView(path, PosixFileAttributeView.class).setGroup(group);
    } catch (UserPrincipalNotFoundException e) {
      LOG.warn("there is no group '{}', so only root can ask for the status", GROUP);
    }
    ControlSocket socket = new ControlSocket(path, server, answers);
    Thread.ofVirtual().name("control").start(socket::serve);
    return socket;
  }

  private void serve() {
    try {
      while (true) {
        SocketChannel client = server.accept();
        Thread.ofVirtual().name("control-client").start(() -> answer(client));
      }
    } catch (ClosedChannelException e) {
      LOG.debug("control socket closed");
    } catch (IOException e) {
      LOG.error("accepting on control socket '{}' failed: {}", path, e.getMessage());
    }
  }

  private void answer(SocketChannel client) {
    try (client) {
      Answer answer = answers.apply(new Question(question(client), isOwn(client)));
      String text = answer.status().code() + "\n" + answer.text();
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        client.write(bytes);
      }
    } catch (IOException e) {
      LOG.debug("a client of the control socket went away: {}", e.getMessage());
    }
  }

  private static boolean isOwn(SocketChannel client) throws IOException {
    return client
        .getOption(ExtendedSocketOptions.SO_PEERCRED)
        .user()
        .equals(Files.getOwner(Path.of("/proc/self")));
  }

  private static String question(SocketChannel client) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (line.size() < LONGEST_QUESTION && client.read(one) == 1 && one.get(0) != '\n') {
      line.write(one.get(0));
      one.clear();
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  /**
   * Asks a daemon.
   *
   * @param path its socket
   * @return the raw answer
   * @throws IOException if nobody listens or the socket may not be opened
   */
  public static RawAnswer ask(Path path, String question) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      channel.write(ByteBuffer.wrap((question + "\n").getBytes(StandardCharsets.UTF_8)));
      String all =
          new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
      int end = all.indexOf('\n');
      if (end < 1) {
        throw new IOException("asking '" + path + "' gave an answer without an exit status");
      }
      return new RawAnswer(Integer.parseInt(all.substring(0, end)), all.substring(end + 1));
    }
  }

  /**
   * An answer as it came.
   *
   * @param code exit status, 0 to 255
   * @param text what is to be printed
   */
  public record RawAnswer(int code, String text) {}

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
  }
}
