// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

/**
 * Where a server listens: a name or an address, and a port.
 *
 * @param host a DNS name or an address literal; IPv6 without brackets
 * @param port the port
 */
public record HostPort(String host, Port port) {
  /**
   * Checks that the host is a DNS name or an address.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public HostPort {
    if (host.indexOf(':') >= 0) {
      IpAddress.parse(host);
    } else {
      new DnsName(host);
    }
  }

  /**
   * Reads {@code HOST:PORT} or {@code [IPV6]:PORT}.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon > 0 ? text.substring(0, colon) : "";
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      host = "";
    }
    try {
      if (!host.isEmpty()) {
        return new HostPort(host, new Port(Integer.parseInt(text.substring(colon + 1))));
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(refusal(text), e);
    }
    throw new IllegalArgumentException(refusal(text));
  }

  private static String refusal(String text) {
    return "'" + text + "' names no server; allowed: HOST:PORT, such as spire.example.org:8081";
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
