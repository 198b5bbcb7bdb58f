// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns.resolved;

import io.meshx.agent.bus.SignalMatch;
import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.dns.Dns;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A dummy link of ours whose only DNS server is the address on it, with the cluster's domain as a
 * routing domain, so that the servers of the host's other links stay as they are.
 */
public final class ResolvedDns implements Dns {
  /** Our link. */
  static final String LINK = "meshx-dns";

  /** The other end, where the kernel has no dummy links and a pair of virtual Ethernets is used. */
  static final String PEER = "meshx-dnsp";

  private static final Logger LOG = LoggerFactory.getLogger(ResolvedDns.class);

  private final SystemBus bus;
  private final Commands commands;
  private final ResolverLink resolver;

  /**
   * Makes the adapter; it does nothing before it is asked.
   *
   * @param bus the bus that systemd-resolved is on; closed by whoever opened it
   * @param commands runs {@code ip}
   */
  public ResolvedDns(SystemBus bus, Commands commands) {
    this.bus = bus;
    this.commands = commands;
    this.resolver = new ResolverLink(bus);
  }

  @Override
  public Optional<DnsView> observe() throws HostException {
    Optional<LinkState> link = link();
    return link.isEmpty() ? Optional.empty() : Optional.of(view(link.get()));
  }

  private DnsView view(LinkState link) throws HostException {
    if (!link.up() || link.addresses().size() != 1) {
      return DnsView.INCOMPLETE;
    }
    IpAddress address = link.addresses().first();
    return resolver
        .domainAskedAt(link.index(), address)
        .map(domain -> new DnsView(address, domain))
        .orElse(DnsView.INCOMPLETE);
  }

  @Override
  public void apply(DnsView view) throws HostException {
    Optional<LinkState> found = link();
    if (found.isPresent() && view(found.get()).equals(view)) {
      return;
    }
    // First the link alone: a resolver that does not run says so at the end, and the link is then
    // seen as incomplete.
    if (found.isEmpty()) {
      addLink();
    } else if (!found.get().addresses().equals(Set.of(view.forwarder()))) {
      commands.run("ip", "address", "flush", "dev", LINK, "scope", "global");
    }
    commands.run(
        List.of("ip", "-batch", "-"),
        """
        address replace %s/%d dev %s
        link set %s up
        """
            .formatted(view.forwarder(), view.forwarder().family().bits(), LINK, LINK));
    resolver.ask(found.isPresent() ? found.get().index() : index(), view);
  }

  @Override
  public void clear() throws HostException {
    if (link().isPresent()) {
      commands.run("ip", "link", "delete", LINK);
    }
  }

  @Override
  public void onChange(Runnable lookAgain) {
    bus.follow(
        ResolverLink.SERVICE,
        List.of(new SignalMatch.Properties(ResolverLink.OBJECT)),
        _ -> lookAgain.run(),
        lookAgain);
  }

  private int index() throws CommandFailed {
    return link()
        .orElseThrow(() ->
            new CommandFailed(
                List.of("ip", "link", "add", LINK), "made a link that is gone again", ""))
        .index();
  }

  private Optional<LinkState> link() throws CommandFailed {
    // All links, since asking for one that is not there is an error like any other.
    return LinkState.find(LINK, commands.run("ip", "-json", "address", "show"));
  }

  private void addLink() throws CommandFailed {
    try {
      commands.run("ip", "link", "add", LINK, "type", "dummy");
    } catch (CommandFailed e) {
      LOG.debug("No dummy link, so a pair of virtual Ethernets", e);
      commands.run("ip", "link", "add", LINK, "type", "veth", "peer", "name", PEER);
      commands.run("ip", "link", "set", PEER, "up");
    }
  }
}
