// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.WorkloadName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link Firewall} does, on a host with both families and rules of others. */
public abstract class FirewallContract {
  /** Both families, as every host of the contract has. */
  protected static final TreeSet<IpFamily> FAMILIES =
      new TreeSet<>(Set.of(IpFamily.V4, IpFamily.V6));

  private static final WorkloadName WEB = new WorkloadName("web");
  private static final WorkloadName API = new WorkloadName("api");
  private static final WorkloadName BATCH = new WorkloadName("batch");

  /** Two workloads with ports and one that has none. */
  protected static final Interception THREE =
      new Interception(
          new TreeSet<>(Set.of(2102, 990)),
          new TreeMap<>(
              Map.of(
                  WEB, capture(3000, 4140, 4143, 80, 443),
                  API, capture(3001, 4240, 4243, 8080),
                  BATCH, capture(3002, 4340, 4343))));

  private static final Interception ONE =
      new Interception(
          new TreeSet<>(Set.of(990)), new TreeMap<>(Map.of(WEB, capture(3000, 4140, 4143, 81))));

  private static final NatTables NOTHING =
      new NatTables(Map.of(IpFamily.V4, NatTable.EMPTY, IpFamily.V6, NatTable.EMPTY));

  private String before = "";

  private static Capture capture(int uid, int outbound, int inbound, int... ports) {
    TreeSet<Port> set = new TreeSet<>();
    for (int port : ports) {
      set.add(new Port(port));
    }
    return new Capture(uid, new Port(outbound), set, new Port(inbound));
  }

  /** The packet filter under test. */
  protected abstract Firewall firewall();

  /** All that the host's packet filter holds, ours and others', in a comparable form. */
  protected abstract String host() throws HostException;

  /** The changes made so far through the packet filter under test, one for each restore. */
  protected abstract List<String> operations();

  /** Makes somebody else flush one family's nat table: rules go, chains stay. */
  protected abstract void flush(IpFamily family) throws HostException;

  /** Makes the host ready; run before each test. */
  protected void open() throws HostException {}

  /** Takes the host away; run after each test. */
  protected void close() throws HostException {}

  @BeforeEach
  void rememberTheHost() throws HostException {
    open();
    before = host();
  }

  @AfterEach
  void lookAtTheHostAgain() throws HostException {
    try {
      applyingTwiceChangesNothingAndEmptyTablesLeaveTheHostAsItWas();
    } finally {
      close();
    }
  }

  private void applyingTwiceChangesNothingAndEmptyTablesLeaveTheHostAsItWas() throws HostException {
    NatTables tables = THREE.tables(FAMILIES);
    firewall().apply(tables);
    String applied = host();
    List<String> operations = operations();

    firewall().apply(tables);
    assertEquals(operations, operations());
    assertEquals(applied, host());

    firewall().apply(NOTHING);
    assertEquals(before, host());
    List<String> removed = operations();
    firewall().apply(NOTHING);
    assertEquals(removed, operations());
  }

  @Test
  void hostWithoutRulesOfOursHasEmptyTables() throws HostException {
    assertEquals(NOTHING, firewall().observe());
    assertEquals(Set.of(), firewall().observe().captured());
  }

  @Test
  void appliedTablesAreObserved() throws HostException {
    NatTables tables = THREE.tables(FAMILIES);
    firewall().apply(tables);

    assertEquals(tables, firewall().observe());
    assertEquals(Set.of(WEB, API, BATCH), firewall().observe().captured());
    assertNotEquals(before, host());
  }

  @Test
  void otherTablesReplaceTheFirst() throws HostException {
    firewall().apply(THREE.tables(FAMILIES));
    firewall().apply(ONE.tables(FAMILIES));

    assertEquals(ONE.tables(FAMILIES), firewall().observe());
    assertEquals(Set.of(WEB), firewall().observe().captured());
  }

  @Test
  void oneRestoreForEachFamily() throws HostException {
    firewall().apply(THREE.tables(FAMILIES));

    assertEquals(2, operations().size());
  }

  @Test
  void onlyTheFamilyThatDiffersIsRestored() throws HostException {
    firewall().apply(THREE.tables(FAMILIES));
    flush(IpFamily.V6);
    firewall().apply(THREE.tables(FAMILIES));

    assertEquals(3, operations().size());
    assertEquals(THREE.tables(FAMILIES), firewall().observe());
  }

  @Test
  void flushedTableCapturesNothingAndLeavesChainsToRemove() throws HostException {
    firewall().apply(THREE.tables(FAMILIES));
    flush(IpFamily.V4);
    flush(IpFamily.V6);

    assertEquals(Set.of(), firewall().observe().captured());
    assertNotEquals(NOTHING, firewall().observe());
  }

  @Test
  void familyThatIsNotGivenStaysAsItIs() throws HostException {
    firewall().apply(new NatTables(Map.of(IpFamily.V4, NatTable.of(ONE))));

    assertEquals(
        new NatTables(Map.of(IpFamily.V4, NatTable.of(ONE), IpFamily.V6, NatTable.EMPTY)),
        firewall().observe());
  }
}
