// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.IdentitiesContract;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.model.SpiffeId;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class FakeIdentitiesTest extends IdentitiesContract {
  private final FakeIdentities identities = new FakeIdentities();

  @Override
  protected Identities identities() {
    return identities;
  }

  @Override
  protected void issue(SpiffeId id, long serial) {
    identities.set(
        Identities.AGENT,
        new SvidState.Issued(
            id,
            Long.toString(serial, 16),
            Instant.EPOCH,
            Instant.EPOCH.plusSeconds(60),
            Instant.EPOCH,
            0));
  }

  @Test
  void refusesToSetWhatNobodyFollows() {
    assertThrows(
        IllegalArgumentException.class, () -> identities.set("web", new SvidState.None("no")));
  }
}
