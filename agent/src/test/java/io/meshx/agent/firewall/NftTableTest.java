// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class NftTableTest {
  private static final WorkloadName WEB = new WorkloadName("web");
  private static final NftTable THREE = NftTable.of(RulesContract.THREE);

  /** As nft 1.0.6 and 1.1.3 list it. */
  private static final String LISTED = Golden.text("firewall/three-workloads.nft");

  @Test
  void rulesAreThoseThatNftListsBack() {
    assertEquals(THREE, NftTable.parse(LISTED));
  }

  @Test
  void scriptMakesTheTableAnewInOneTransaction() {
    Golden.check("firewall/three-workloads.nft-script", THREE.script());
  }

  @Test
  void noTableIsEmptyAndItsScriptDeletesWhatIsThere() {
    assertEquals(NftTable.EMPTY, NftTable.parse(""));
    assertTrue(NftTable.EMPTY.isEmpty());
    assertEquals("add table inet meshx\ndelete table inet meshx\n", NftTable.EMPTY.script());
  }

  @Test
  void whateverElseIsInTheTableIsADifference() {
    String hook = "type nat hook output priority -125";
    for (String more :
        List.of(
            LISTED.replace("{\n\tchain", "{\n\tcomment \"x\"\n\tchain"),
            LISTED.replace("{\n\tchain", "{\n\tset x {\n\t\ttype ipv4_addr\n\t}\n\n\tchain"),
            LISTED.replace(hook, "type nat hook output priority -100"),
            LISTED.replace("\t\toifname \"lo\" return comment \"meshx/loopback\"\n", ""))) {
      assertNotEquals(LISTED, more);
      assertNotEquals(THREE, NftTable.parse(more), more);
    }
  }

  @Test
  void orderOfRulesIsADifference() {
    TreeMap<String, List<String>> chains = new TreeMap<>(THREE.chains());
    chains.computeIfPresent(
        "outbound",
        (_, rules) -> {
          ArrayList<String> swapped = new ArrayList<>(rules);
          swapped.add(swapped.remove(1));
          return swapped;
        });

    assertNotEquals(THREE, new NftTable(chains));
  }

  @Test
  void rulesOfAWorkloadThatIsStillThereAreKeptWithTheExemptions() {
    NftTable kept = NftTable.EMPTY.keeping(THREE, new TreeSet<>(Set.of(WEB)));

    assertEquals(Set.of(WEB), kept.captured());
    assertTrue(kept.script().contains("meta skuid { 990, 2102 } return"), kept::script);
    assertEquals(THREE, THREE.keeping(THREE, new TreeSet<>()));
    assertEquals(NftTable.EMPTY, NftTable.EMPTY.keeping(THREE, new TreeSet<>()));
  }

  @Test
  void keptRulesComeBeforeThoseForEverybodyElse() {
    NftTable kept =
        NftTable.of(RulesContract.FULL).keeping(THREE, Set.of(new WorkloadName("batch")));
    RulesContract.assertBetween(
        kept.chains().get("outbound"), "meshx/loopback", "meshx/batch/redirect-outbound", "-host");
  }
}
