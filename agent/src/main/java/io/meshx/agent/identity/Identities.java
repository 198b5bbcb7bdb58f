// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity;

import java.util.Optional;
import java.util.SortedMap;

/**
 * The SVIDs that SPIRE issues on this host, followed over streams. Reading never waits: it gives
 * what the streams said last.
 */
public interface Identities extends AutoCloseable {
  /** The key under which the agent's own SVID is kept. */
  String AGENT = "meshx-agent";

  /**
   * Follows exactly these from now on; the same queries again change nothing.
   *
   * @param queries key (a workload's name, or {@link #AGENT}) to what is wanted
   */
  void follow(SortedMap<String, SvidQuery> queries);

  /** The last known state of each followed SVID. */
  SortedMap<String, SvidState> observe();

  /**
   * What is issued for a query that asks for the private key too.
   *
   * @return empty while none is issued, and for all other queries
   */
  Optional<SvidMaterial> material(String key);

  /** Asks to be told when a state changed; a call only says "look again". */
  void onChange(Runnable lookAgain);

  /** Ends all streams. */
  @Override
  void close();
}
