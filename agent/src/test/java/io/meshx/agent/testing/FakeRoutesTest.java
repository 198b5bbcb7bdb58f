// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.route.Route;
import io.meshx.agent.route.Routes;
import io.meshx.agent.route.RoutesContract;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class FakeRoutesTest extends RoutesContract {
  private final FakeRoutes routes = new FakeRoutes(Set.copyOf(LINKS));

  @Override
  protected Routes routes() {
    return routes;
  }

  @Override
  protected String host() {
    return routes.toString();
  }

  @Override
  protected void addOther(Route route) {
    routes.addOther(route);
  }

  @Override
  protected void take(Route route) {
    routes.take(route);
  }

  @Override
  protected List<String> operations() {
    return routes.operations();
  }

  @Test
  void wipedTableKeepsTheRoutesOfOthers() throws Exception {
    routes.add(route("10.1.0.0/16", "10.99.0.2"));
    routes.wipe();

    assertEquals(Set.of(), routes.observe().ours());
  }
}
