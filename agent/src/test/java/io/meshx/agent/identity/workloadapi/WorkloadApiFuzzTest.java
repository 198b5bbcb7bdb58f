// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.proto.workloadapi.X509SVIDResponse;
import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.testing.FakeWorkloadApi;
import io.meshx.agent.testing.TestCertificates;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes, an SVID of another ID is never shown and the stream is kept. */
class WorkloadApiFuzzTest {
  private static final Instant NOW = Instant.parse("2026-11-22T20:00:00Z");
  private static final SpiffeId MINE = SpiffeId.parse("spiffe://example.org/meshx-agent/vm1");
  private static final String OTHER = "spiffe://example.org/somebody/else";
  private static final int MESSAGES = 400;
  private static final int LARGE = 1 << 20;
  private static final int BEYOND_THE_LIMIT = 5 << 20;

  private final TestCertificates certificates = new TestCertificates();
  @TempDir Path directory;
  private UnixSockets sockets;
  private FakeWorkloadApi spire;
  private WorkloadApiIdentities identities;
  private States states;

  @BeforeEach
  void start() {
    sockets = new UnixSockets();
    spire = new FakeWorkloadApi(directory);
    identities =
        new WorkloadApiIdentities(
            sockets,
            spire.publicSocket(),
            spire.adminSocket(),
            InstantSource.fixed(NOW),
            RandomGenerator.of("L64X128MixRandom"));
    states = new States(identities);
    identities.follow(new TreeMap<>(Map.of(Identities.AGENT, new SvidQuery.Own(MINE))));
  }

  @AfterEach
  void end() {
    identities.close();
    sockets.close();
    spire.close();
  }

  private byte[] leaf(String id, long serial) {
    return certificates.leaf(id, serial, NOW.minusSeconds(60), NOW.plusSeconds(3600));
  }

  private X509SVIDResponse right(long serial) {
    X509SVIDResponse.Builder message =
        FakeWorkloadApi.own(MINE.toString(), leaf(MINE.toString(), serial)).toBuilder();
    message.getSvidsBuilder(0).setBundle(ByteString.copyFrom(certificates.root(NOW)));
    return message.build();
  }

  /** One of the ways in which a message can be wrong. */
  private byte[] wrong(Random random) {
    X509SVIDResponse.Builder message = right(1 + random.nextInt(1000)).toBuilder();
    byte[] bytes = message.build().toByteArray();
    Duration day = Duration.ofDays(1);
    return switch (random.nextInt(12)) {
      case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1, 2 -> flipped(bytes, 1 + random.nextInt(8), random);
      case 3 -> random(random.nextInt(4000), random);
      case 4 -> message.addAllSvids(List.copyOf(message.getSvidsList())).build().toByteArray();
      case 5 -> FakeWorkloadApi.own(OTHER, leaf(MINE.toString(), 7)).toByteArray();
      case 6 -> FakeWorkloadApi.own(MINE.toString(), leaf(OTHER, 7)).toByteArray();
      case 7 -> FakeWorkloadApi.own(MINE.toString(), new byte[0]).toByteArray();
      case 8 ->
          FakeWorkloadApi.own(
                  MINE.toString(),
                  random.nextBoolean()
                      ? certificates.leaf(MINE.toString(), 8, NOW.minus(day), NOW.minusSeconds(60))
                      : certificates.leaf(
                          MINE.toString(), 9, NOW.plus(day), NOW.plus(day).plus(day)))
              .toByteArray();
      case 9 -> {
        message.getSvidsBuilder(0).setBundle(ByteString.copyFrom(random(500, random)));
        yield message.build().toByteArray();
      }
      case 10 -> FakeWorkloadApi.own("no id: " + random.nextInt(), bytes).toByteArray();
      default -> padded(message, random.nextInt(LARGE));
    };
  }

  private static byte[] flipped(byte[] bytes, int times, Random random) {
    for (int i = 0; i < times; i++) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  private static byte[] random(int length, Random random) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] padded(X509SVIDResponse.Builder message, int length) {
    return message
        .setUnknownFields(
            UnknownFieldSet.newBuilder()
                .addField(
                    99,
                    UnknownFieldSet.Field.newBuilder()
                        .addLengthDelimited(ByteString.copyFrom(new byte[length]))
                        .build())
                .build())
        .build()
        .toByteArray();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void wrongMessagesEndNoStreamAndShowNobodyElse(long seed) throws InterruptedException {
    Random random = new Random(seed);
    FakeWorkloadApi.Stream stream = spire.nextOwn();
    for (int i = 0; i < MESSAGES; i++) {
      stream.send(wrong(random));
    }
    stream.send(right(0xabcdef));

    states.awaitSerial(Identities.AGENT, "abcdef");

    for (SvidState state : states.ofAgent()) {
      if (state instanceof SvidState.Issued issued) {
        assertEquals(MINE, issued.id());
      }
    }
    assertTrue(
        states.ofAgent().stream().anyMatch(SvidState.Unexpected.class::isInstance),
        "an SVID of somebody else was not told");
  }

  @Test
  void aMessageBeyondAllMeasureEndsItsStreamAndTheNextOneCounts() throws InterruptedException {
    spire.nextOwn().send(padded(right(1).toBuilder(), BEYOND_THE_LIMIT));

    states.awaitUnreachable(Identities.AGENT, "RESOURCE_EXHAUSTED");

    spire.nextOwn().send(right(2));

    states.awaitSerial(Identities.AGENT, "2");
  }
}
