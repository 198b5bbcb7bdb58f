// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import io.grpc.ManagedChannel;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.socket.UnixSockets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SVIDs that a SPIRE agent of this host issues, over its two sockets: the agent's own from the
 * SPIFFE Workload API, those of other processes from SPIRE's Delegated Identity API while the agent
 * has its own.
 *
 * <p>Each message of a stream is the complete state. A stream that ends is opened again: soon while
 * the SPIRE agent is starting, and at once when its socket file appears or is made anew. A refusal
 * is tried again too, since entries reach the SPIRE agent some seconds after they were made.
 *
 * <p>Private keys come with every message and are never decoded or kept, except for an SVID that is
 * to be handed to its process; see {@link Answer}.
 *
 * @see <a href="https://spiffe.io/docs/latest/spiffe-specs/spiffe_workload_api/">SPIFFE Workload
 *     API</a>
 */
public final class WorkloadApiIdentities implements Identities {
  private static final Logger LOG = LoggerFactory.getLogger(WorkloadApiIdentities.class);
  private static final long CLOSE_SECONDS = 1;

  private final Path publicSocket;
  private final Path adminSocket;
  private final ManagedChannel publicChannel;
  private final ManagedChannel adminChannel;
  private final Setting setting;
  private final ConcurrentSkipListMap<String, Watch> watches = new ConcurrentSkipListMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /**
   * Loads what the first stream needs and connects to nothing; construct it early, beside other
   * work.
   *
   * @param sockets must be closed after this
   * @param publicSocket path of the SPIRE agent's Workload API socket; need not exist yet
   * @param adminSocket path of its admin socket; without delegated queries it is not looked at
   * @param clock wall time
   * @param random where the jitter of retries comes from
   */
  public WorkloadApiIdentities(
      UnixSockets sockets,
      Path publicSocket,
      Path adminSocket,
      InstantSource clock,
      RandomGenerator random) {
    this(sockets, publicSocket, adminSocket, clock, random, Pace.USUAL);
  }

  WorkloadApiIdentities(
      UnixSockets sockets,
      Path publicSocket,
      Path adminSocket,
      InstantSource clock,
      RandomGenerator random,
      Pace pace) {
    this.publicSocket = publicSocket;
    this.adminSocket = adminSocket;
    this.publicChannel = sockets.channel(publicSocket);
    this.adminChannel = sockets.channel(adminSocket);
    this.setting = new Setting(sockets.loop(), clock, random, pace, new Leaf.Reader());
  }

  @Override
  public synchronized void follow(SortedMap<String, SvidQuery> queries) {
    for (Map.Entry<String, Watch> entry : watches.entrySet()) {
      Watch watch = entry.getValue();
      if (!watch.query().equals(queries.get(entry.getKey()))) {
        watches.remove(entry.getKey());
        setting.loop().execute(watch::stop);
      }
    }
    queries.forEach((key, query) -> watches.computeIfAbsent(key, _ -> watch(query)));
    setting.loop().execute(this::steer);
  }

  private Watch watch(SvidQuery query) {
    return switch (query) {
      case SvidQuery.Own own ->
          new Watch(
              own,
              Question.of(own, publicSocket, publicChannel),
              setting,
              () -> {
                steer();
                tell();
              });
      case SvidQuery.Delegated delegated ->
          new Watch(
              delegated, Question.of(delegated, adminSocket, adminChannel), setting, this::tell);
      case SvidQuery.Handed handed ->
          new Watch(handed, Question.of(handed, adminSocket, adminChannel), setting, this::tell);
    };
  }

  /** Runs the streams that should run now; on the event loop. */
  private void steer() {
    boolean mayAsk =
        watches.values().stream()
            .anyMatch(watch ->
                watch.query() instanceof SvidQuery.Own
                    && watch.state() instanceof SvidState.Issued);
    for (Watch watch : watches.values()) {
      switch (watch.query()) {
        case SvidQuery.Own _ -> watch.start();
        case SvidQuery.Delegated _, SvidQuery.Handed _ -> {
          if (mayAsk) {
            watch.start();
          } else {
            watch.pause("waits for the agent's own SVID");
          }
        }
      }
    }
  }

  private void tell() {
    listeners.forEach(Runnable::run);
  }

  @Override
  public SortedMap<String, SvidState> observe() {
    TreeMap<String, SvidState> states = new TreeMap<>();
    watches.forEach((key, watch) -> states.put(key, watch.state()));
    return states;
  }

  @Override
  public Optional<SvidMaterial> material(String key) {
    Watch watch = watches.get(key);
    return watch == null ? Optional.empty() : watch.material();
  }

  /** The call comes on the thread that serves all sockets, so it must not wait. */
  @Override
  public void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }

  /** Ends all streams and connections; waits at most two seconds for that. */
  @Override
  public void close() {
    follow(new TreeMap<>());
    publicChannel.shutdownNow();
    adminChannel.shutdownNow();
    try {
      if (!publicChannel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)
          || !adminChannel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.debug("connections to SPIRE did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
