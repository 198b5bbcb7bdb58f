// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How a cluster is reached, and by whom.
 *
 * @param server where its API is served, over TLS
 * @param authority PEM file with the certificates by which it is recognised, and no others
 * @param credentials how it recognises us
 * @param host this host: the owner of what is made
 * @param propagation how long peers get to hear that a workload is not ready
 */
public record ClusterAccess(
    HostPort server,
    Path authority,
    Credentials credentials,
    WorkloadName host,
    Duration propagation) {
  /** Who we are to the cluster. */
  public sealed interface Credentials {
    /**
     * A bearer token.
     *
     * @param file where it is; read anew for each request, since it is replaced before it expires
     */
    record Token(Path file) implements Credentials {}

    /**
     * A client certificate.
     *
     * @param certificate PEM file with it, and those between it and its authority
     * @param key PEM file with its private key, in PKCS #8 form
     */
    record Certificate(Path certificate, Path key) implements Credentials {}
  }
}
