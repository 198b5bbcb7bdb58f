// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class NatTableTest {
  private static final NatTable THREE = NatTable.of(RulesContract.THREE, IpFamily.V4);
  private static final String SAVE = Golden.text("firewall/three-workloads.save");

  @Test
  void rulesAreThoseThatIptablesSavePrintsBack() {
    assertEquals(THREE, NatTable.parse(SAVE));
  }

  @Test
  void quotingAndCountersAreNoDifference() {
    String unquoted = SAVE.replaceAll("\"(meshx/[^\"]*)\"", "$1").replaceAll("(?m)^\\[0:0] ", "");

    assertNotEquals(SAVE, unquoted);
    assertEquals(THREE, NatTable.parse(unquoted));
  }

  @Test
  void otherTablesThanNatArePassedOver() {
    String all = "*filter\n:MESHX_OUT - [0:0]\n-A OUTPUT -j MESHX_OUT\nCOMMIT\n";

    assertEquals(NatTable.EMPTY, NatTable.parse(all));
    assertEquals(THREE, NatTable.parse(all + SAVE + all));
  }

  @Test
  void tableThatWasNeverLoadedIsEmpty() {
    assertEquals(NatTable.EMPTY, NatTable.parse(""));
  }

  @Test
  void orderOfRulesIsADifference() {
    TreeMap<String, List<String>> chains = new TreeMap<>(THREE.chains());
    chains.computeIfPresent("MESHX_OUT", (_, rules) -> rules.reversed());

    assertNotEquals(THREE, new NatTable(chains, THREE.jumps()));
  }

  @Test
  void emptyHostGetsChainsRulesAndJumps() {
    assertEquals(Golden.text("firewall/install.restore"), THREE.restoreText(NatTable.EMPTY));
  }

  @Test
  void jumpsThatAreThereAreNotAddedAgain() {
    assertEquals(Golden.text("firewall/rewrite.restore"), THREE.restoreText(THREE));
  }

  @Test
  void flushedHostGetsItsJumpsBack() {
    NatTable flushed = NatTable.parse(Golden.text("firewall/flushed.save"));

    assertEquals(Golden.text("firewall/install.restore"), THREE.restoreText(flushed));
    assertEquals(Set.of(), flushed.captured());
  }

  @Test
  void emptyTableTakesJumpsAndChainsAway() {
    assertEquals(Golden.text("firewall/remove.restore"), NatTable.EMPTY.restoreText(THREE));
  }

  @Test
  void emptyTableTakesFlushedChainsAway() {
    NatTable flushed = NatTable.parse(Golden.text("firewall/flushed.save"));

    assertEquals(
        Golden.text("firewall/remove-flushed.restore"), NatTable.EMPTY.restoreText(flushed));
  }

  @Test
  void jumpThatSomebodyWroteIsQuotedWhereItMustBeToBeRemoved() {
    NatTable there =
        NatTable.parse(
            """
            *nat
            :MESHX_OUT - [0:0]
            -A OUTPUT -m comment --comment "a \\"b\\" \\\\c -j RETURN" -g MESHX_OUT
            COMMIT
            """);

    assertEquals(
        """
        *nat
        -D OUTPUT -m comment --comment "a \\"b\\" \\\\c -j RETURN" -g MESHX_OUT
        -F MESHX_OUT
        -X MESHX_OUT
        COMMIT
        """,
        NatTable.EMPTY.restoreText(there));
  }

  @Test
  void workloadIsCapturedOnlyWithItsRuleAndTheJump() {
    Set<WorkloadName> names =
        Set.of(new WorkloadName("api"), new WorkloadName("batch"), new WorkloadName("web"));

    assertEquals(names, THREE.captured());
    assertEquals(Set.of(), new NatTable(THREE.chains(), List.of()).captured());
    assertEquals(Set.of(), new NatTable(new TreeMap<>(), THREE.jumps()).captured());
  }

  @Test
  void commentThatNamesNoWorkloadCapturesNothing() {
    String rule = "-p tcp -m comment --comment meshx/Not_A_Name/redirect-outbound -j REDIRECT";

    assertEquals(
        Set.of(),
        new NatTable(
                new TreeMap<>(Map.of("MESHX_OUT", List.of(rule + " --to-ports 1"))), THREE.jumps())
            .captured());
  }

  @Test
  void tableKeepsCopies() {
    ArrayList<String> rules = new ArrayList<>(List.of("-j RETURN"));
    TreeMap<String, List<String>> chains = new TreeMap<>(Map.of("MESHX_OUT", rules));
    NatTable table = new NatTable(chains, List.of());
    rules.clear();
    chains.clear();

    assertEquals(Map.of("MESHX_OUT", List.of("-j RETURN")), table.chains());
    assertThrows(UnsupportedOperationException.class, () -> table.chains().clear());
  }

  @Test
  void nothingToRedirectIsAnEmptyTableForEachFamily() {
    Interception nothing = new Interception(new TreeSet<>(Set.of(990)), new TreeMap<>());

    assertEquals(
        new NatTables(Map.of(IpFamily.V4, NatTable.EMPTY)),
        nothing.tables(new TreeSet<>(Set.of(IpFamily.V4))));
  }

  @Test
  void workloadIsCapturedOnAHostOnlyIfItIsInEachFamily() {
    NatTables half = new NatTables(Map.of(IpFamily.V4, THREE, IpFamily.V6, NatTable.EMPTY));

    assertEquals(Set.of(), half.captured());
    assertEquals(3, new NatTables(Map.of(IpFamily.V4, THREE)).captured().size());
  }

  @Test
  void keptRulesComeBeforeThoseForEverybodyElse() {
    NatTable kept =
        NatTable.of(RulesContract.FULL, IpFamily.V4)
            .keeping(
                NatTable.of(RulesContract.THREE, IpFamily.V4), Set.of(new WorkloadName("batch")));
    RulesContract.assertBetween(
        kept.chains().get("MESHX_OUT"), "meshx/loopback", "meshx/batch/redirect-outbound", "-host");
  }
}
