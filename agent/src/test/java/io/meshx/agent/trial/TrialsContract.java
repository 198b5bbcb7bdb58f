// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.firewall.Backend;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.RulesContract;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import java.util.EnumSet;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What all {@link Trials} do. */
public abstract class TrialsContract {
  private static final SortedSet<IpFamily> FAMILIES =
      new TreeSet<>(EnumSet.of(IpFamily.V4, IpFamily.V6));
  private static final Digest FIRST = Digest.of("first");
  private static final Digest SECOND = Digest.of("second");

  /** The trials under test, with nothing in their memory. */
  protected abstract Trials trials();

  @Test
  void atFirstNothingIsRemembered() throws HostException {
    assertEquals(Memory.EMPTY, trials().observe());
  }

  @ParameterizedTest
  @EnumSource(Backend.class)
  void rulesFromBeforeAreRememberedAsTheyWere(Backend backend) throws HostException {
    for (HostRules before :
        new HostRules[] {
          HostRules.of(RulesContract.full(), backend, FAMILIES), HostRules.none(FAMILIES)
        }) {
      trials().begin(before);
      assertEquals(new Memory(Optional.empty(), Optional.of(before)), trials().observe());
    }
  }

  @Test
  void whatIsConfirmedIsRememberedAndTheTrialForgotten() throws HostException {
    trials().begin(HostRules.none(FAMILIES));
    trials().confirm(FIRST);
    assertEquals(new Memory(Optional.of(FIRST), Optional.empty()), trials().observe());

    trials().begin(HostRules.none(FAMILIES));
    assertEquals(
        new Memory(Optional.of(FIRST), Optional.of(HostRules.none(FAMILIES))), trials().observe());

    trials().confirm(SECOND);
    trials().confirm(SECOND);
    assertEquals(new Memory(Optional.of(SECOND), Optional.empty()), trials().observe());
  }
}
