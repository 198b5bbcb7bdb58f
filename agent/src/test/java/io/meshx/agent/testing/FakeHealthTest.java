// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.health.Health;
import io.meshx.agent.health.HealthContract;
import io.meshx.agent.health.Target;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;

/** The fake keeps the contract. */
final class FakeHealthTest extends HealthContract {
  private final FakeHealth health = new FakeHealth();
  private final Target target = new Target.Tcp(IpAddress.parse("127.0.0.1"), new Port(8000));

  @Override
  protected Health health() {
    return health;
  }

  @Override
  protected Target target() {
    return target;
  }

  @Override
  protected void serve(boolean whether) {
    if (whether) {
      health.pass(target);
    } else {
      health.fail(target, "connection refused");
    }
  }
}
