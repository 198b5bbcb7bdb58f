// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is true of all {@link Identities}. */
public abstract class IdentitiesContract {
  private static final long PATIENCE_SECONDS = 20;
  protected static final SvidQuery.Own AGENT =
      new SvidQuery.Own(SpiffeId.parse("spiffe://example.org/meshx-agent/vm-1"));
  private static final SvidQuery.Own OTHER =
      new SvidQuery.Own(SpiffeId.parse("spiffe://example.org/meshx-agent/vm-2"));
  private static final SvidQuery.Delegated WEB =
      new SvidQuery.Delegated(
          SpiffeId.parse("spiffe://example.org/web"), new TreeSet<>(Set.of(Selector.uid(998))));

  /** What is tested. */
  protected abstract Identities identities();

  /** Has SPIRE issue an SVID to the agent. */
  protected abstract void issue(SpiffeId id, long serial) throws InterruptedException;

  @Test
  void observesExactlyWhatIsFollowed() {
    identities().follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT, "web", WEB)));

    assertEquals(Set.of(Identities.AGENT, "web"), identities().observe().keySet());

    identities().follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));

    assertEquals(Set.of(Identities.AGENT), identities().observe().keySet());
  }

  @Test
  void knowsNothingBeforeSpireHasSpoken() {
    identities().follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));

    assertInstanceOf(SvidState.Unreachable.class, identities().observe().get(Identities.AGENT));
  }

  @Test
  void showsAnIssuedSvidAndTellsOfIt() throws InterruptedException {
    SvidState.Issued issued = issuedTo(AGENT);

    assertEquals(AGENT.expected(), issued.id());
    assertEquals("7", issued.serial());
    assertEquals(0, issued.rotations());
  }

  @Test
  void keepsTheStateWhenTheSameIsFollowedAgain() throws InterruptedException {
    SvidState.Issued issued = issuedTo(AGENT);

    identities().follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));

    assertEquals(issued, identities().observe().get(Identities.AGENT));
  }

  @Test
  void startsAfreshWhenSomethingElseIsWantedUnderTheSameKey() throws InterruptedException {
    issuedTo(AGENT);

    identities().follow(new TreeMap<>(Map.of(Identities.AGENT, OTHER)));

    assertInstanceOf(SvidState.Unreachable.class, identities().observe().get(Identities.AGENT));
  }

  @Test
  void forgetsWhatIsFollowedNoLonger() throws InterruptedException {
    issuedTo(AGENT);

    identities().follow(new TreeMap<>());
    identities().follow(new TreeMap<>(Map.of(Identities.AGENT, AGENT)));

    assertInstanceOf(SvidState.Unreachable.class, identities().observe().get(Identities.AGENT));
  }

  private SvidState.Issued issuedTo(SvidQuery.Own query) throws InterruptedException {
    Semaphore changes = new Semaphore(0);
    identities().onChange(changes::release);
    identities().follow(new TreeMap<>(Map.of(Identities.AGENT, query)));
    issue(query.expected(), 7);
    while (true) {
      assertTrue(changes.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS), "no change was told of");
      if (identities().observe().get(Identities.AGENT) instanceof SvidState.Issued issued) {
        return issued;
      }
    }
  }
}
