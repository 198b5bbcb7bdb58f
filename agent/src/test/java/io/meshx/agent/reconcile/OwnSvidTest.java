// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.FakeUnits;
import io.meshx.agent.testing.Story;
import io.meshx.agent.testing.TestCertificates;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A workload that gets an SVID of its own, in files. */
final class OwnSvidTest {
  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final WorkloadName WEB = new WorkloadName("web");
  private static final UnitName HOOK = OurUnits.renewed(WEB);
  private static final Path PLACE = Path.of("/run/web-svid");
  private static final String KEY = "web (files)";
  private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
  private static final TestCertificates CERTIFICATES = new TestCertificates();

  @TempDir Path directory;

  private final FakeHost host = new FakeHost("web");

  @BeforeEach
  void issue() {
    host.bundle(TrustBundle.of(TestCertificates.pem("CERTIFICATE", CERTIFICATES.root(NOW))));
    hand(10);
    host.units.starts(HOOK, () -> new FakeUnits.Start.EndsWell(0));
  }

  private void hand(long serial) {
    try {
      host.identities.hand(
          KEY,
          SvidMaterial.of(
              CERTIFICATES.leaf("spiffe://example.org/web", serial, NOW, NOW.plusSeconds(60)),
              CERTIFICATES.leafKey()));
      host.serial(KEY, Long.toString(serial, 16));
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private AgentConfig config(String... more) throws ConfigException {
    Map<String, String> keys =
        more.length == 0
            ? Map.of("svid.directory", '"' + PLACE.toString() + '"')
            : Map.of("svid.directory", '"' + PLACE.toString() + '"', more[0], more[1]);
    return ConfigDirectory.minimal(directory, "agent").workload("web", keys).read();
  }

  private Story joined(AgentConfig config) {
    Story story = Story.of(host, config).settle().after(A_MINUTE);
    assertTrue(story.plan().complete(), story.plan().text());
    return story;
  }

  private String content() {
    return host.deliveries.files(PLACE).getOrDefault(Delivery.CERTIFICATES, "");
  }

  @Test
  void theWorkloadStartsWhenItsFilesLieReady() throws ConfigException {
    host.noSvid(KEY, true);
    Story story = Story.of(host, config()).settle().after(A_MINUTE);

    assertEquals(Optional.empty(), host.units.activity(OurUnits.workload(WEB)));
    assertTrue(
        story
            .plan()
            .text()
            .contains("the selectors systemd:id:meshx-workload-web.service and unix"),
        story.plan().text());

    host.noSvid(KEY, false);
    story.after(A_MINUTE);

    assertTrue(story.plan().complete(), story.plan().text());
    assertTrue(host.deliveries.observe().values().stream().allMatch(Delivered::beforeStart));
    assertTrue(content().startsWith("-----BEGIN CERTIFICATE-----"), content());
  }

  @Test
  void theKeyIsAskedForOnlyWhereItIsWanted() throws ConfigException {
    joined(config());

    assertTrue(host.identities.queries().get("web") instanceof SvidQuery.Delegated);
    assertEquals(
        new TreeSet<>(List.of(Selector.unit(OurUnits.workload(WEB)), Selector.uid(1001))),
        host.identities.queries().get(KEY) instanceof SvidQuery.Handed handed
            ? handed.selectors()
            : new TreeSet<>());
  }

  @Test
  void aRenewalIsDeliveredAndToldOnceAndTheWorkloadRunsOn() throws ConfigException {
    Story story = joined(config("svid.on_renewal", "\"SIGHUP\""));
    Optional<Activity> workload = host.units.activity(OurUnits.workload(WEB));
    String before = content();
    assertEquals(Optional.empty(), host.units.activity(HOOK), "nobody is told of the first");

    hand(11);
    story.after(A_MINUTE);

    assertNotEquals(before, content());
    assertTrue(story.plan().complete(), story.plan().text());
    assertEquals(Optional.of(new Activity.Exited(0)), host.units.activity(HOOK));
    assertEquals(workload, host.units.activity(OurUnits.workload(WEB)));
    long changes = story.changes();
    story.after(A_MINUTE);
    assertEquals(changes, story.changes());

    hand(12);
    story.after(A_MINUTE);
    assertEquals(changes + 3, story.changes(), "delivered, the unit of the last stopped, started");
  }

  @Test
  void anOwnerThatDoesNotExistHoldsTheWorkload() throws ConfigException {
    Story story = Story.of(host, config("svid.owner", "\"nobody-here\"")).settle().after(A_MINUTE);

    assertTrue(
        story.plan().text().contains("the user 'nobody-here', which does not exist"),
        story.plan().text());
    assertEquals(Optional.empty(), host.units.activity(OurUnits.workload(WEB)));
  }

  @Test
  void filesThatSomebodyRemovedAreBack() throws ConfigException {
    Story story = joined(config());
    host.deliveries.remove(WEB);

    story.after(A_MINUTE);

    assertTrue(story.plan().complete(), story.plan().text());
    assertTrue(content().startsWith("-----BEGIN CERTIFICATE-----"), content());
  }

  @Test
  void aWorkloadThatWantsNoneAnyMoreLosesItAndRunsOn() throws ConfigException {
    Story story = joined(config("svid.on_renewal", "\"SIGHUP\""));
    Optional<Activity> workload = host.units.activity(OurUnits.workload(WEB));
    hand(11);
    story.after(A_MINUTE);

    story.configure(ConfigDirectory.minimal(directory, "agent").workload("web", Map.of()).read());
    story.after(A_MINUTE);

    assertTrue(story.plan().complete(), story.plan().text());
    assertEquals(Map.of(), host.deliveries.observe());
    assertEquals(Optional.empty(), host.units.activity(HOOK));
    assertEquals(workload, host.units.activity(OurUnits.workload(WEB)));
  }

  @Test
  void leavingTakesItAway() throws ConfigException {
    Story story = joined(config("svid.on_renewal", "\"SIGHUP\""));
    hand(11);
    story.after(A_MINUTE);

    Story.down(host).settle();

    assertEquals(Map.of(), host.deliveries.observe());
    assertEquals(Optional.empty(), host.units.activity(HOOK));
  }
}
