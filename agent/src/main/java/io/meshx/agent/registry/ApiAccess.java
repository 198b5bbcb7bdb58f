// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.HostPort;

/**
 * How a cluster's API is reached.
 *
 * @param server where it is served, over TLS
 * @param authority PEM text with the certificates by which it is recognised, and no others
 * @param credentials how it recognises us
 */
public record ApiAccess(HostPort server, Material authority, Credentials credentials) {
  private static final String SCHEME = "https://";

  /**
   * Reads an address such as {@code https://192.0.2.1:6443}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static HostPort address(String text) {
    String rest = text.startsWith(SCHEME) ? text.substring(SCHEME.length()) : "";
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no such address; allowed: https://HOST:PORT");
    }
    return HostPort.parse(rest.endsWith("/") ? rest.substring(0, rest.length() - 1) : rest);
  }

  /** Who we are to the cluster. */
  public sealed interface Credentials {
    /**
     * A bearer token.
     *
     * @param text where it is; read anew for each request, since it is replaced before it expires
     */
    record Token(Material text) implements Credentials {}

    /**
     * A client certificate.
     *
     * @param certificate PEM text with it, and those between it and its authority
     * @param key PEM text with its private key, in PKCS #8 form
     */
    record Certificate(Material certificate, Material key) implements Credentials {}
  }
}
