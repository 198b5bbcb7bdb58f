// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns;

import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.IpAddress;

/**
 * Which names the host asks the cluster for: the link of ours in the resolver.
 *
 * @param forwarder address on the link, where our forwarder listens on port 53
 * @param domain the domain below which names go to the cluster; all others keep the host's servers
 */
public record DnsView(IpAddress forwarder, DnsName domain) {
  /**
   * What is observed of a link of ours that lacks its address or a setting of the resolver: there
   * is something to take away, and it is equal to no view that is wanted.
   */
  public static final DnsView INCOMPLETE =
      new DnsView(IpAddress.parse("0.0.0.0"), new DnsName("incomplete.invalid"));

  @Override
  public String toString() {
    return equals(INCOMPLETE) ? "an incomplete link" : "~" + domain + " at " + forwarder;
  }
}
