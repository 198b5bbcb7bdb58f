// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns;

import io.meshx.agent.model.Digest;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The forwarder on our link: the host's dnsmasq, which passes questions on to the cluster's
 * servers. It is there because the resolver binds a question to the link of its server, and the
 * cluster's servers are not on a link of ours.
 *
 * @see <a href="https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html">dnsmasq(8)</a>
 */
public final class Forwarder {
  /** Its program, as Debian and Fedora install it. */
  public static final String PROGRAM = "/usr/sbin/dnsmasq";

  /** CAP_NET_BIND_SERVICE, for port 53; capability 10 in linux/capability.h. */
  private static final Property BIND_LOW_PORTS = new Property.Unsigned(1L << 10);

  private Forwarder() {}

  /**
   * The unit that answers what the resolver asks.
   *
   * @param view the address to answer on, and the domain
   * @param servers the cluster's DNS servers, at least one; answers for all other names are refused
   * @param config digest of the user's configuration
   */
  public static UnitSpec unit(DnsView view, List<IpAddress> servers, Digest config) {
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("a forwarder needs at least one server to ask");
    }
    List<String> argv =
        new ArrayList<>(
            List.of(
                PROGRAM,
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--pid-file=",
                "--no-hosts",
                "--no-resolv",
                // Binds this address only, and also when the link comes after the unit.
                "--bind-dynamic",
                "--listen-address=" + view.forwarder(),
                // The resolver has a cache of its own, which alone is flushed on demand.
                "--cache-size=0"));
    for (IpAddress server : servers) {
      argv.add("--server=/" + view.domain() + "/" + server);
    }
    return UnitSpec.service(OurUnits.DNS, config, "DNS forwarder of the mesh for " + view.domain())
        .exec(argv)
        .slice(OurUnits.INFRA_SLICE)
        .restart("always", Duration.ofSeconds(1))
        .set("StartLimitIntervalUSec", new Property.Unsigned(0))
        .sandboxed(List.of())
        .set("DynamicUser", new Property.Flag(true))
        .set("AmbientCapabilities", BIND_LOW_PORTS)
        .set("CapabilityBoundingSet", BIND_LOW_PORTS)
        .set("SyslogIdentifier", new Property.Text("meshx-dns"))
        .journalField("MESHX_COMPONENT", "dns")
        .build();
  }
}
