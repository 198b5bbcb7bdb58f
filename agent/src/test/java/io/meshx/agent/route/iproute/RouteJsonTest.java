// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route.iproute;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.route.Route;
import io.meshx.agent.testing.Golden;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class RouteJsonTest {
  @Test
  void routesThroughANextHopAreToldApartByTheirProtocol() {
    RouteJson json = new RouteJson(77);
    json.add(IpFamily.V4, Golden.text("route/main-4.json"));
    json.add(IpFamily.V6, Golden.text("route/main-6.json"));

    assertEquals(
        """
        10.1.2.3/32 via 10.99.0.4
        10.244.0.0/16 via 10.99.0.2
        fd10::/48 via fd99::2
        fd10::5/128 via fd99::2
        """,
        text(json.table().ours()));
    assertEquals(
        """
        0.0.0.0/0 via 10.99.0.3
        10.96.0.0/16 via 10.99.0.2
        10.97.0.0/16 via 10.99.0.4
        10.97.0.0/16 via 10.99.0.5
        ::/0 via fd99::9
        fd11::/48 via fd99::4
        fd11::/48 via fd99::5
        """,
        text(json.table().others()));
  }

  @Test
  void whatIsNoRouteTableFailsWithTheCommand() {
    for (String text :
        Set.of("", "[", "{}", "[1]", "[{\"gateway\":\"x\"}]", "[{\"gateway\":{}}]")) {
      IprouteRoutes routes =
          new IprouteRoutes(
              (_, _) -> text, (_, _, _) -> {}, () -> new TreeSet<>(Set.of(IpFamily.V4)));
      CommandFailed failure = assertThrows(CommandFailed.class, routes::observe, text);

      assertTrue(
          failure
              .toString()
              .contains("running 'ip -N -json -4 route show table main' printed what is no"),
          failure.getMessage());
    }
  }

  @Test
  void otherFailureOfARemovalIsReported() {
    IprouteRoutes routes =
        new IprouteRoutes(
            (argv, _) -> {
              throw new CommandFailed(argv, 2, "", "RTNETLINK answers: Operation not permitted");
            },
            (_, _, _) -> {},
            () -> new TreeSet<>(Set.of(IpFamily.V4)));

    assertThrows(
        CommandFailed.class,
        () -> routes.remove(new Route(Cidr.parse("10.244.0.0/16"), IpAddress.parse("10.99.0.2"))));
  }

  private static String text(Set<Route> routes) {
    return routes.stream().map(route -> route + "\n").collect(Collectors.joining());
  }
}
