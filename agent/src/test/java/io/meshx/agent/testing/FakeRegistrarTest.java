// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.spire.Registrar;
import io.meshx.agent.spire.RegistrarContract;
import io.meshx.agent.spire.Registrations;
import org.junit.jupiter.api.Test;

class FakeRegistrarTest extends RegistrarContract {
  private final FakeRegistrar registrar = new FakeRegistrar();

  @Override
  protected Registrar registrar() {
    return registrar;
  }

  @Test
  void failsWhileItDoesNotRun() {
    registrar.runs(false);

    assertThrows(
        HostException.class,
        () -> registrar.register(new Registrations(DOMAIN, new WorkloadName("vm-1")).agent()));
  }
}
