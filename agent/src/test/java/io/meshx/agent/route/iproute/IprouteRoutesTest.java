// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route.iproute;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.route.Route;
import io.meshx.agent.route.Routes;
import io.meshx.agent.route.RoutesContract;
import io.meshx.agent.testing.NetworkNamespace;
import io.meshx.agent.testing.RecordedCommands;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The real tool, in a network namespace with one link. */
@Tag("root")
final class IprouteRoutesTest extends RoutesContract {
  private final NetworkNamespace namespace;
  private final Commands commands;
  private final RecordedCommands recorded;
  private final IprouteRoutes routes;

  IprouteRoutesTest() throws HostException {
    namespace = NetworkNamespace.open();
    commands = namespace.commands();
    recorded = new RecordedCommands(commands);
    routes =
        new IprouteRoutes(
            recorded, namespace.following(), () -> new TreeSet<>(Set.of(IpFamily.values())));
  }

  @Override
  protected void open() throws HostException {
    commands.run("ip", "link", "set", "lo", "up");
    commands.run("ip", "link", "add", "e0", "type", "veth", "peer", "name", "e1");
    // Without link-local addresses nothing changes the table by itself meanwhile.
    commands.run("ip", "link", "set", "e0", "up", "addrgenmode", "none");
    commands.run("ip", "link", "set", "e1", "up", "addrgenmode", "none");
    commands.run("ip", "address", "add", "10.99.0.1/24", "dev", "e0");
    commands.run("ip", "address", "add", "fd99::1/64", "dev", "e0", "nodad");
  }

  @Override
  protected void close() throws HostException {
    routes.close();
    namespace.close();
  }

  @Override
  protected Routes routes() {
    return routes;
  }

  @Override
  protected String host() throws HostException {
    return commands.run("ip", "-4", "route") + commands.run("ip", "-6", "route");
  }

  @Override
  protected void addOther(Route route) throws HostException {
    commands.run(
        "ip", "route", "add", route.destination().toString(), "via", route.via().toString());
  }

  @Override
  protected void take(Route route) throws HostException {
    commands.run("ip", "route", "del", route.destination().toString());
  }

  @Override
  protected List<String> operations() {
    return recorded.operations().stream().filter(line -> !line.contains(" show ")).toList();
  }

  @Test
  void aRouteThatTheKernelTakesWithItsLinkIsTold() throws Exception {
    routes.add(route("10.244.0.0/16", "10.99.0.2"));
    // Of those of IPv6 it would tell.
    commands.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    Semaphore told = told();

    commands.run("ip", "link", "set", "e0", "down");

    assertTrue(told.tryAcquire(20, TimeUnit.SECONDS), "nobody said that a route is gone");
    assertEquals(Set.of(), routes.observe().ours());
    commands.run("ip", "link", "set", "e0", "up");
    commands.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0");
    commands.run("ip", "address", "add", "fd99::1/64", "dev", "e0", "nodad");
  }

  @Test
  void routeWhoseLinkWentDownIsRemovedWithoutAnError() throws HostException {
    Route route = route("10.244.0.0/16", "10.99.0.2");
    routes.add(route);
    commands.run("ip", "link", "set", "e0", "down");
    routes.remove(route);

    assertEquals(Set.of(), routes.observe().ours());
    commands.run("ip", "link", "set", "e0", "up");
    commands.run("ip", "address", "replace", "fd99::1/64", "dev", "e0", "nodad");
  }
}
