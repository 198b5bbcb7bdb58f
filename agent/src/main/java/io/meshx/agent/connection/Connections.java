// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.connection;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Scope;
import java.util.Set;
import java.util.SortedSet;

/**
 * What the kernel remembers of connections. It asks the redirect rules about the first packet of a
 * connection only: one that was sent while there were none is never redirected afterwards, however
 * often it is sent again, until the kernel forgets it.
 *
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/net/netfilter/nf_nat_core.c">nf_nat_inet_fn</a>
 */
public interface Connections {
  /**
   * Connections that were begun and not redirected, and that nobody has answered.
   *
   * @param scopes whose connections are asked for
   * @throws HostException if the kernel's lists cannot be read
   */
  SortedSet<Connection> halfOpen(Set<Scope> scopes) throws HostException;

  /**
   * Connections to and from others that are established and not redirected, whoever began them.
   *
   * @param scopes whose connections are asked for; the kernel's list is long, so only where some
   *     can be
   * @throws HostException if the kernel's lists cannot be read
   */
  SortedSet<Connection> established(Set<Scope> scopes) throws HostException;

  /**
   * Has the kernel forget connections, so that the next packet of each is a first one. Those that
   * are not there any more are passed over.
   *
   * @throws HostException if it is refused
   */
  void forget(Set<Connection> connections) throws HostException;
}
