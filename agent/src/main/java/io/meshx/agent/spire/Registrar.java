// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.SpiffeId;
import java.time.Duration;
import java.util.SortedSet;

/** The registration side of a SPIRE server on this host; the demo mode has one. */
public interface Registrar {
  /**
   * The entries whose parent is the given ID.
   *
   * @throws HostException if the server does not answer
   */
  SortedSet<Registration> observe(SpiffeId parent) throws HostException;

  /**
   * Creates an entry; one that is there already is no error.
   *
   * @throws HostException if the server refuses
   */
  void register(Registration registration) throws HostException;

  /**
   * Deletes an entry; one that is gone is no error.
   *
   * @throws HostException if the server refuses
   */
  void unregister(Registration registration) throws HostException;

  /**
   * Has the server make a join token.
   *
   * @param alias the SPIFFE ID that the agent which uses the token gets besides its own
   * @param validity how long it can be used, at least a second
   * @return the token; a secret
   * @throws HostException if the server refuses
   */
  String createJoinToken(SpiffeId alias, Duration validity) throws HostException;
}
