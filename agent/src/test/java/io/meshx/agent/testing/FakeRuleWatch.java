// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.firewall.RuleWatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Says what a test has it say. */
public final class FakeRuleWatch implements RuleWatch {
  private final List<Consumer<Optional<Disturber>>> listeners = new ArrayList<>();

  @Override
  public void onChange(Consumer<Optional<Disturber>> listener) {
    listeners.add(listener);
  }

  /** Somebody changed the packet filter. */
  public void tell(Disturber who) {
    listeners.forEach(listener -> listener.accept(Optional.of(who)));
  }

  @Override
  public void close() {
    listeners.clear();
  }
}
