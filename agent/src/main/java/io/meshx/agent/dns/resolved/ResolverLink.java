// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns.resolved;

import io.meshx.agent.bus.BusCall;
import io.meshx.agent.bus.PendingAnswer;
import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.freedesktop.dbus.types.Variant;

/**
 * What systemd-resolved knows of one link.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/org.freedesktop.resolve1.html">
 *     org.freedesktop.resolve1(5)</a>
 */
final class ResolverLink {
  static final String SERVICE = "org.freedesktop.resolve1";
  static final String OBJECT = "/org/freedesktop/resolve1";

  private static final Owner RESOLVED =
      new Owner(SERVICE, OBJECT, "org.freedesktop.resolve1.Manager");
  private static final Owner NETWORKD =
      new Owner(
          "org.freedesktop.network1",
          "/org/freedesktop/network1",
          "org.freedesktop.network1.Manager");
  private static final String LINK_CONTRACT = "org.freedesktop.resolve1.Link";

  private static final String NO_SUCH_LINK = "org.freedesktop.resolve1.NoSuchLink";
  private static final String MANAGED = "org.freedesktop.resolve1.LinkBusy";
  private static final Set<String> NOT_RUNNING =
      Set.of(
          "org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.ServiceUnknown");

  /** AF_INET and AF_INET6 of Linux. */
  private static final int INET = 2;

  private static final int INET6 = 10;

  private final SystemBus bus;

  /** Who takes settings of a link; both take the same methods. */
  private record Owner(String service, String path, String contract) {}

  ResolverLink(SystemBus bus) {
    this.bus = bus;
  }

  /**
   * The one domain for which names are asked at this server and nowhere else; empty if the link has
   * other settings or none.
   */
  Optional<DnsName> domainAskedAt(int link, IpAddress server) throws BusCallFailed {
    try {
      Object path = bus.call(call(RESOLVED, "GetLink", "i", List.of(link))).getFirst();
      PendingAnswer servers = property(path, "DNS");
      PendingAnswer domains = property(path, "Domains");
      PendingAnswer defaultRoute = property(path, "DefaultRoute");
      boolean ours = value(servers) instanceof List<?> list && isOnly(list, server);
      boolean restricted = value(defaultRoute).equals(false);
      List<?> names = (List<?>) value(domains);
      return ours && restricted && names.size() == 1
          ? routingDomain((Object[]) names.getFirst())
          : Optional.empty();
    } catch (BusCallFailed e) {
      if (e.errorName().equals(NO_SUCH_LINK) || NOT_RUNNING.contains(e.errorName())) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Makes the resolver ask for names below the domain at the forwarder, and for no others. */
  void ask(int link, DnsView view) throws BusCallFailed {
    try {
      set(RESOLVED, link, view);
    } catch (BusCallFailed e) {
      if (e.errorName().equals(MANAGED)) {
        // A network file of the host matches every link, so networkd passes settings on.
        set(NETWORKD, link, view);
      } else if (NOT_RUNNING.contains(e.errorName())) {
        throw new BusCallFailed(
            "SetLinkDNS of '" + ResolvedDns.LINK + "'",
            e.errorName(),
            "systemd-resolved is not on the bus; 'systemctl restart systemd-resolved' brings it"
                + " there, also after a restart of the bus; where nothing else resolves cluster"
                + " names, install and enable it; where something does, leave dns_servers out of"
                + " [network]",
            e);
      } else {
        throw e;
      }
    }
  }

  private void set(Owner owner, int link, DnsView view) throws BusCallFailed {
    List<Object> servers =
        Collections.singletonList(
            new Object[] {
              view.forwarder().family() == IpFamily.V4 ? INET : INET6,
              view.forwarder().inet().getAddress()
            });
    List<Object> domains = Collections.singletonList(new Object[] {view.domain().text(), true});
    List<BusCall> calls =
        List.of(
            call(owner, "SetLinkDNS", "ia(iay)", List.of(link, servers)),
            call(owner, "SetLinkDomains", "ia(sb)", List.of(link, domains)),
            call(owner, "SetLinkDefaultRoute", "ib", List.of(link, false)),
            // What the host wants of its own servers, the cluster's need not offer.
            call(owner, "SetLinkDNSSEC", "is", List.of(link, "no")),
            call(owner, "SetLinkDNSOverTLS", "is", List.of(link, "no")),
            call(owner, "SetLinkLLMNR", "is", List.of(link, "no")),
            call(owner, "SetLinkMulticastDNS", "is", List.of(link, "no")));
    List<PendingAnswer> answers = new ArrayList<>();
    for (BusCall call : calls) {
      answers.add(bus.send(call));
    }
    for (PendingAnswer answer : answers) {
      answer.await();
    }
  }

  private PendingAnswer property(Object path, String name) throws BusCallFailed {
    return bus.send(BusCall.get(SERVICE, path.toString(), LINK_CONTRACT, name));
  }

  private static Object value(PendingAnswer answer) throws BusCallFailed {
    return ((Variant<?>) answer.await().getFirst()).getValue();
  }

  private static boolean isOnly(List<?> servers, IpAddress server) {
    return servers.size() == 1 && address((Object[]) servers.getFirst()).equals(server);
  }

  private static IpAddress address(Object[] familyAndBytes) {
    List<?> elements = (List<?>) familyAndBytes[1];
    byte[] bytes = new byte[elements.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (Byte) elements.get(i);
    }
    try {
      return new IpAddress(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("systemd-resolved has an address of no family", e);
    }
  }

  private static Optional<DnsName> routingDomain(Object[] nameAndRouting) {
    return nameAndRouting[1].equals(true)
        ? Optional.of(new DnsName(nameAndRouting[0].toString()))
        : Optional.empty();
  }

  private static BusCall call(
      Owner owner, String member, String signature, List<Object> arguments) {
    return new BusCall(
        owner.service(),
        owner.path(),
        owner.contract(),
        member,
        signature,
        arguments,
        ResolvedDns.LINK);
  }
}
