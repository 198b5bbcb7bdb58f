// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.probe;

import java.io.IOException;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/**
 * The program of the redirect probe: {@code Connect open|closed PORT ADDRESS …}. Ends with 0 when a
 * TCP connection to each address is made within about a second and, if closed, no datagram can be
 * sent to any; and else with 1 and a line on standard error that says why.
 *
 * <p>If closed it may start before the redirect is in, so it connects again and again, with twice
 * the patience each time: the kernel would send a second SYN only after a second. When no answer
 * comes at all it ends with {@link #NO_REDIRECT}.
 *
 * <p>It starts in a JVM of its own for each workload that joins, so it uses few classes.
 */
public final class Connect {
  /** Only the redirect is tried. */
  static final String OPEN = "open";

  /** It is also tried to leave the host past the redirect. */
  static final String CLOSED = "closed";

  /** Exit status: what a redirect answers at once was not answered (EX_TEMPFAIL of sysexits.h). */
  public static final int NO_REDIRECT = 75;

  private static final int FIRST_MILLIS = 10;
  private static final int MOST_MILLIS = 1000;

  private final int port;
  private final boolean closed;
  private final PrintStream err;
  private int proven;
  private int failed;
  private int unanswered;

  private Connect(int port, boolean closed, PrintStream err) {
    this.port = port;
    this.closed = closed;
    this.err = err;
  }

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(args, System.err));
  }

  /**
   * Tries each address.
   *
   * @param args whether the workload is to be closed, port, addresses
   * @param err where a line is written for each address with which something is wrong
   * @return the exit status
   */
  static int run(String[] args, PrintStream err) {
    Connect connect = new Connect(Integer.parseInt(args[1]), args[0].equals(CLOSED), err);
    for (int i = 2; i < args.length; i++) {
      connect.attempt(args[i]);
    }
    if (connect.proven == 0 && connect.failed == 0) {
      err.println("no address has a route, so the redirect cannot be proven; add a default route");
    }
    if (connect.proven > 0 && connect.failed == 0) {
      return 0;
    }
    return connect.closed && connect.unanswered == connect.failed && connect.failed > 0
        ? NO_REDIRECT
        : 1;
  }

  private void attempt(String text) {
    InetAddress address = InetAddress.ofLiteral(text);
    try {
      connect(address);
    } catch (IOException e) {
      String why = noRoute(address);
      if (why.isEmpty()) {
        if (e instanceof SocketTimeoutException) {
          unanswered++;
        }
        fail("not redirected: connecting to " + text + " port " + port + ": " + e.getMessage());
      } else {
        err.println("no route to " + text + ", so nothing can leave that way: " + why);
      }
      return;
    }
    if (closed && leaves(address)) {
      fail(
          "not closed: a datagram to "
              + text
              + " left the host; systemd attached no packet filter to the unit, which takes a"
              + " kernel with CONFIG_CGROUP_BPF and cgroup v2 mounted");
    } else {
      proven++;
    }
  }

  private void connect(InetAddress address) throws IOException {
    int patience = closed ? FIRST_MILLIS : MOST_MILLIS;
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(address, port), patience);
        return;
      } catch (SocketTimeoutException e) {
        if (patience >= MOST_MILLIS) {
          throw e;
        }
        patience = Math.min(2 * patience, MOST_MILLIS);
      }
    }
  }

  private void fail(String why) {
    failed++;
    err.println(why);
  }

  /**
   * Why the kernel has no route to an address, or "" if it has one. The kernel looks for a route
   * before it asks the nat table, so without one no redirect can take effect. Connecting a datagram
   * socket looks for the route and sends nothing; the answer of a router cannot be mistaken for it.
   */
  private String noRoute(InetAddress address) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(address, port));
      return "";
    } catch (SocketException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** A datagram is not redirected; one that a packet filter drops is refused with EPERM. */
  private boolean leaves(InetAddress address) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.send(new DatagramPacket(new byte[0], 0, address, port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
