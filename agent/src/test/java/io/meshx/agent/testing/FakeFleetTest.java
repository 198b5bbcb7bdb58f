// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.Fleet;
import io.meshx.agent.registry.FleetContract;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import java.time.Duration;

/** The fake keeps the contract. */
final class FakeFleetTest extends FleetContract {
  private final FakeFleet fleet = new FakeFleet();

  @Override
  protected Fleet fleet() {
    return fleet;
  }

  @Override
  protected void renews(WorkloadName host) {
    fleet.renew(host, Duration.ofSeconds(90));
  }

  @Override
  protected void gives(WorkloadName host) {
    fleet.give(host);
  }

  @Override
  protected ResourceName serves(WorkloadName host, String name) {
    ResourceName resource = new ResourceName(new WorkloadName("mixed-env"), new WorkloadName(name));
    fleet.say(host, resource, new Readiness(true, "Joined", "it is served"));
    return resource;
  }

  @Override
  protected Readiness readiness(ResourceName resource) {
    return fleet.readiness(resource);
  }
}
