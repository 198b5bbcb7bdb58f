// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy.admin;

import io.meshx.agent.model.Port;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * A proxy's admin server. Speaks HTTP/1.0, where an answer ends with its connection: no more is
 * needed, and java.net.http takes longer to load than everything else here.
 *
 * @param port on 127.0.0.1
 */
record AdminServer(Port port) {
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MOST_BYTES = 16 << 20;
  private static final InetAddress LOOPBACK = Inet4Address.ofLiteral("127.0.0.1");

  /**
   * An answer.
   *
   * @param status HTTP status
   * @param body its text
   */
  record Answer(int status, String body) {}

  /**
   * Gets a page, within a second.
   *
   * @throws IOException if the server does not answer, takes too long, or speaks something else
   */
  Answer get(String path) throws IOException {
    long end = System.nanoTime() + MOST_NANOS;
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(LOOPBACK, port.number()), millisUntil(end));
      String request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return parse(readAll(socket, end));
    }
  }

  private static String readAll(Socket socket, long end) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] chunk = new byte[1 << 16];
    InputStream in = socket.getInputStream();
    socket.setSoTimeout(millisUntil(end));
    int length = in.read(chunk);
    while (length >= 0) {
      all.write(chunk, 0, length);
      if (all.size() > MOST_BYTES) {
        throw new IOException("the answer is longer than " + MOST_BYTES + " bytes");
      }
      socket.setSoTimeout(millisUntil(end));
      length = in.read(chunk);
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  private static int millisUntil(long end) throws SocketTimeoutException {
    long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
    if (left < 1) {
      throw new SocketTimeoutException("no whole answer within a second");
    }
    return (int) left;
  }

  private static Answer parse(String text) throws IOException {
    int head = text.indexOf("\r\n\r\n");
    String[] status = text.lines().findFirst().orElse("").split(" ", 3);
    if (head < 0 || status.length < 2 || !status[0].startsWith("HTTP/1.")) {
      throw new IOException("the answer is no HTTP");
    }
    try {
      return new Answer(Integer.parseInt(status[1]), text.substring(head + 4));
    } catch (NumberFormatException e) {
      throw new IOException("the answer has no HTTP status", e);
    }
  }
}
