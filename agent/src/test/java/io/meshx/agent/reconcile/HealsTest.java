// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.firewall.NatTables;
import io.meshx.agent.firewall.NftTable;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class HealsTest {
  private static final HostRules NONE = new HostRules(new NatTables(Map.of()), NftTable.EMPTY);
  private static final HostRules OURS =
      new HostRules(
          new NatTables(Map.of()),
          new NftTable(new TreeMap<>(Map.of("outbound", List.of("a rule")))));
  private static final Disturber NFT = new Disturber("nft", 7);

  private final Heals heals = new Heals();

  private static Instant at(long millis) {
    return Instant.EPOCH.plusMillis(millis);
  }

  @Test
  void aHealLastsFromTheChangeToTheLookThatSeesTheRulesBack() {
    heals.looked(OURS, Optional.empty(), at(0), at(5));
    heals.suspect(Optional.of(NFT), at(100));
    heals.looked(NONE, Optional.of(OURS), at(101), at(110));
    heals.looked(OURS, Optional.empty(), at(130), at(140));

    assertEquals(
        new Healed(
            1,
            Duration.ofMillis(40),
            Duration.ofMillis(40),
            Optional.of(new Healed.Heal(at(140), Duration.ofMillis(40), Optional.of(NFT)))),
        heals.healed());
  }

  @Test
  void aLookThatBeganBeforeTheChangeDoesNotClearTheSuspicion() {
    heals.looked(OURS, Optional.empty(), at(0), at(5));
    heals.suspect(Optional.of(NFT), at(100));
    heals.looked(OURS, Optional.empty(), at(99), at(105));
    heals.looked(NONE, Optional.of(OURS), at(106), at(110));
    heals.looked(OURS, Optional.empty(), at(130), at(140));

    assertEquals(Optional.of(NFT), heals.healed().last().orElseThrow().by());
    assertEquals(Duration.ofMillis(40), heals.healed().total());
  }

  @Test
  void theWordOfAChangeMayComeAfterTheLookThatSawIt() {
    heals.looked(OURS, Optional.empty(), at(0), at(5));
    heals.looked(NONE, Optional.of(OURS), at(106), at(110));
    heals.suspect(Optional.of(NFT), at(111));
    // That of our own restore.
    heals.suspect(Optional.of(new Disturber("nft", 8)), at(120));
    heals.looked(OURS, Optional.empty(), at(130), at(140));

    assertEquals(
        Optional.of(new Healed.Heal(at(140), Duration.ofMillis(30), Optional.of(NFT))),
        heals.healed().last());
  }

  @Test
  void rulesThatWereNotInForceAreNoHeal() {
    heals.looked(NONE, Optional.empty(), at(0), at(5));
    heals.suspect(Optional.of(NFT), at(100));
    heals.looked(NONE, Optional.of(OURS), at(106), at(110));
    heals.looked(OURS, Optional.empty(), at(130), at(140));

    assertEquals(Healed.NONE, heals.healed());
  }
}
