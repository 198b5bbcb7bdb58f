// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.probe;

import java.io.IOException;
import java.io.PrintStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;

/**
 * The program of the redirect probe: {@code Connect ADDRESS PORT [ADDRESS …]}. Ends with 0 when a
 * TCP connection to each address is made within a second, and else with 1 and a line on standard
 * error that says why.
 *
 * <p>It starts in a JVM of its own for each workload that joins, so it uses few classes.
 */
public final class Connect {
  private static final int MOST_MILLIS = 1000;

  private Connect() {}

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(args, System.err));
  }

  /**
   * Connects to each address.
   *
   * @param args address, port, more addresses
   * @param err where a line is written for each address that was not connected to
   * @return 0 or 1
   */
  static int run(String[] args, PrintStream err) {
    int port = Integer.parseInt(args[1]);
    int connected = 0;
    int failed = 0;
    for (int i = 0; i < args.length; i++) {
      if (i == 1) {
        continue;
      }
      InetAddress address = InetAddress.ofLiteral(args[i]);
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(address, port), MOST_MILLIS);
        connected++;
      } catch (IOException e) {
        String why = noRoute(address, port);
        if (why.isEmpty()) {
          failed++;
          err.println(
              "not redirected: connecting to " + args[i] + " port " + port + ": " + e.getMessage());
        } else {
          err.println("no route to " + args[i] + ", so nothing can leave that way: " + why);
        }
      }
    }
    if (connected == 0 && failed == 0) {
      err.println("no address has a route, so the redirect cannot be proven; add a default route");
    }
    return connected > 0 && failed == 0 ? 0 : 1;
  }

  /**
   * Why the kernel has no route to an address, or "" if it has one. The kernel looks for a route
   * before it asks the nat table, so without one no redirect can take effect. Connecting a datagram
   * socket looks for the route and sends nothing; the answer of a router cannot be mistaken for it.
   */
  private static String noRoute(InetAddress address, int port) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(address, port));
      return "";
    } catch (SocketException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
