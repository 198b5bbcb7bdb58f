// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Which of its addresses a host uses. */
public final class LocalAddress {
  private LocalAddress() {}

  /**
   * The address from which this host reaches another one, by its routes; nothing is sent.
   *
   * @return empty if the name has no address, there is no route, or the other one is this host
   */
  public static Optional<IpAddress> towards(HostPort other) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(other.host(), other.port().number()));
      InetAddress own = socket.getLocalAddress();
      return own.isAnyLocalAddress() || own.isLoopbackAddress() || own.isLinkLocalAddress()
          ? Optional.empty()
          : Optional.of(IpAddress.parse(own.getHostAddress()));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
