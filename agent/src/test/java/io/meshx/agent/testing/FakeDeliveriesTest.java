// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.delivery.Deliveries;
import io.meshx.agent.delivery.DeliveriesContract;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.SortedMap;

final class FakeDeliveriesTest extends DeliveriesContract {
  private final FakeDeliveries deliveries = new FakeDeliveries();

  @Override
  protected Deliveries deliveries() {
    return deliveries;
  }

  @Override
  protected Path base() {
    return Path.of("/run");
  }

  @Override
  protected UserName owner() {
    return new UserName("web");
  }

  @Override
  protected SortedMap<String, String> files(Path place) {
    return deliveries.files(place);
  }

  @Override
  protected void occupy(Path place) {
    deliveries.occupy(place);
  }
}
