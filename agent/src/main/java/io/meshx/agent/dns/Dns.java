// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns;

import io.meshx.agent.model.HostException;
import java.util.Optional;

/** The host's resolver, as far as the link of ours is concerned. */
public interface Dns {
  /**
   * What the resolver asks through our link; empty if there is no link of ours, and {@link
   * DnsView#INCOMPLETE} if there is one that does not work as it is.
   *
   * @throws HostException if the resolver or the link cannot be read
   */
  Optional<DnsView> observe() throws HostException;

  /**
   * Makes the link and tells the resolver; the same view again changes nothing.
   *
   * @throws HostException if the resolver does not run or refuses
   */
  void apply(DnsView view) throws HostException;

  /**
   * Takes the link away, and with it what the resolver knew of it; no link is no error.
   *
   * @throws HostException if the link cannot be removed
   */
  void clear() throws HostException;

  /** Asks to be told when the resolver may have changed; a call only says "look again". */
  void onChange(Runnable lookAgain);
}
