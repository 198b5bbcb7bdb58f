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
  @Override
  public String toString() {
    return "~" + domain + " at " + forwarder;
  }
}
