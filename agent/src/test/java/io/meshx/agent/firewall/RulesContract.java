// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.WorkloadName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What all {@link Rules} do, on a host with both families and rules of others.
 *
 * @param <T> the tables of the backend
 */
public abstract class RulesContract<T> {
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

  /** One workload. */
  protected static final Interception ONE =
      new Interception(
          new TreeSet<>(Set.of(990)), new TreeMap<>(Map.of(WEB, capture(3000, 4140, 4143, 81))));

  /** Two workloads with exceptions, and the rest of the host. */
  protected static final Interception FULL = full();

  private static final Interception NOTHING = new Interception(new TreeSet<>(), new TreeMap<>());

  private String before = "";

  private static Capture capture(int uid, int outbound, int inbound, int... ports) {
    TreeSet<Port> set = new TreeSet<>();
    for (int port : ports) {
      set.add(new Port(port));
    }
    return new Capture(
        new Scope.User(uid), new Port(outbound), set, new Port(inbound), Direct.NOTHING, false);
  }

  private static SortedSet<PortRange> ports(String... ranges) {
    TreeSet<PortRange> set = new TreeSet<>();
    for (String range : ranges) {
      set.add(PortRange.parse(range));
    }
    return set;
  }

  private static SortedSet<Cidr> networks(String... networks) {
    TreeSet<Cidr> set = new TreeSet<>();
    for (String network : networks) {
      set.add(Cidr.parse(network));
    }
    return set;
  }

  /** Everything that can be asked for, and enough networks that nft breaks the line. */
  public static Interception full() {
    TreeSet<Cidr> many = new TreeSet<>();
    for (int i = 0; i < 40; i++) {
      many.add(Cidr.parse("10." + 2 * i + ".0.0/16"));
      many.add(Cidr.parse("fd00:" + Integer.toHexString(2 * i + 1) + "::/32"));
    }
    many.add(Cidr.parse("198.51.100.7/32"));
    many.add(Cidr.parse("fd99::7/128"));
    return new Interception(
        new TreeSet<>(Set.of(2102, 990)),
        new TreeMap<>(
            Map.of(
                WEB,
                new Capture(
                    new Scope.User(3000),
                    new Port(4140),
                    new TreeSet<>(Set.of(new Port(80), new Port(443))),
                    new Port(4143),
                    new Direct(
                        ports("22-22", "5432-5432", "8000-8010"),
                        many,
                        ports("53-53"),
                        ports("9100-9100"),
                        networks("10.9.0.0/24", "fd09::/64")),
                    true),
                API,
                new Capture(
                    new Scope.User(3001),
                    new Port(4240),
                    new TreeSet<>(Set.of(new Port(8080))),
                    new Port(4243),
                    new Direct(
                        ports("5432-5432"),
                        networks("198.51.100.0/24"),
                        ports(),
                        ports(),
                        networks("198.51.100.9/32")),
                    false))),
        Optional.of(
            new HostCapture(
                WEB,
                new Port(4140),
                new TreeSet<>(Set.of(0, 3001)),
                Direct.outgoing(
                    ports("53-53", "8081-8081"), networks("10.0.0.0/8", "169.254.0.0/16")))));
  }

  /**
   * The one rule with the second text stands behind that with the first, before any with the last.
   */
  static void assertBetween(
      @Nullable List<String> rules, String first, String between, String last) {
    assertNotNull(rules);
    List<String> order =
        rules.stream()
            .flatMap(rule -> Stream.of(first, between, last).filter(rule::contains))
            .distinct()
            .toList();
    assertEquals(List.of(first, between, last), order, rules::toString);
  }

  /** The backend under test. */
  protected abstract Rules<T> rules();

  /** The backend's tables for what is to be redirected. */
  protected abstract T tables(Interception interception);

  /** The workloads that tables redirect. */
  protected abstract SortedSet<WorkloadName> captured(T tables);

  /** All that the host's packet filter holds, ours and others', in a comparable form. */
  protected abstract String host() throws HostException;

  /** The changes made so far through the backend under test, one for each restore. */
  protected abstract List<String> operations();

  /** Makes somebody else empty what is ours: rules go, chains stay. */
  protected abstract void flush() throws HostException;

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
    T tables = tables(THREE);
    rules().apply(tables);
    String applied = host();
    List<String> operations = operations();

    rules().apply(tables);
    assertEquals(operations, operations());
    assertEquals(applied, host());

    rules().apply(tables(NOTHING));
    assertEquals(before, host());
    List<String> removed = operations();
    rules().apply(tables(NOTHING));
    assertEquals(removed, operations());
  }

  @Test
  void hostWithoutRulesOfOursHasEmptyTables() throws HostException {
    assertEquals(tables(NOTHING), rules().observe());
    assertEquals(Set.of(), captured(rules().observe()));
  }

  @Test
  void appliedTablesAreObserved() throws HostException {
    T tables = tables(THREE);
    rules().apply(tables);

    assertEquals(tables, rules().observe());
    assertEquals(Set.of(WEB, API, BATCH), captured(rules().observe()));
    assertNotEquals(before, host());
  }

  @Test
  void exceptionsAndTheRestOfTheHostAreObservedAsTheyWereApplied() throws HostException {
    T tables = tables(FULL);
    rules().apply(tables);

    assertEquals(tables, rules().observe());
    assertEquals(Set.of(WEB, API), captured(rules().observe()));
  }

  @Test
  void otherTablesReplaceTheFirst() throws HostException {
    rules().apply(tables(THREE));
    rules().apply(tables(ONE));

    assertEquals(tables(ONE), rules().observe());
    assertEquals(Set.of(WEB), captured(rules().observe()));
  }

  @Test
  void flushedTablesCaptureNothingAndAreMadeAgain() throws HostException {
    rules().apply(tables(THREE));
    flush();

    assertEquals(Set.of(), captured(rules().observe()));
    assertNotEquals(tables(NOTHING), rules().observe());
    rules().apply(tables(THREE));
    assertEquals(tables(THREE), rules().observe());
  }
}
