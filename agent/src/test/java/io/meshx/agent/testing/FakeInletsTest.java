// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.inlet.InletsContract;
import java.util.Set;

final class FakeInletsTest extends InletsContract {
  private final FakeInlets inlets = new FakeInlets();

  FakeInletsTest() {
    inlets.guardedBy(new Guard.Firewalld(Set.of("public"), Set.of()));
  }

  @Override
  protected Inlets inlets() {
    return inlets;
  }

  @Override
  protected void reload() {
    inlets.reload();
  }
}
