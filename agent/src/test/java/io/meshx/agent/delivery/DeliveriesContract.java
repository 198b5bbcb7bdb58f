// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.TestCertificates;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What all {@link Deliveries} do, on a host on which nothing was delivered. */
public abstract class DeliveriesContract {
  protected static final WorkloadName WEB = new WorkloadName("web");
  private static final WorkloadName API = new WorkloadName("api");
  private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
  private static final TestCertificates CERTIFICATES = new TestCertificates();
  protected static final TrustBundle BUNDLE =
      TrustBundle.of(TestCertificates.pem("CERTIFICATE", CERTIFICATES.root(NOW)));

  /** The deliveries under test. */
  protected abstract Deliveries deliveries();

  /** A directory in which SVIDs may be found. */
  protected abstract Path base();

  /** A user who may own them. */
  protected abstract UserName owner();

  /** What the files in a place hold, by their names. */
  protected abstract SortedMap<String, String> files(Path place) throws Exception;

  /** Puts something into a place that is not ours. */
  protected abstract void occupy(Path place) throws Exception;

  protected final Delivery delivery(WorkloadName workload, String place) {
    return new Delivery(workload, base().resolve(place), owner(), 0400);
  }

  protected static SvidMaterial svid(long serial) {
    try {
      return SvidMaterial.of(
          CERTIFICATES.leaf("spiffe://example.org/web", serial, NOW, NOW.plusSeconds(60)),
          CERTIFICATES.leafKey());
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Delivered found(Delivery delivery, long serial, boolean beforeStart) {
    return new Delivered(
        delivery.directory(), delivery.version(svid(serial).serial(), BUNDLE), beforeStart);
  }

  @Test
  void nothingIsThereAtFirst() throws Exception {
    assertEquals(Map.of(), deliveries().observe());
    assertEquals(Map.of(), files(base().resolve("web")));
  }

  @Test
  void theNewestIsFoundWithAllItsFiles() throws Exception {
    Delivery web = delivery(WEB, "web");
    SvidMaterial first = svid(1);
    deliveries().deliver(web, first, BUNDLE, true);
    assertEquals(Map.of(WEB, found(web, 1, true)), deliveries().observe());
    assertEquals(Delivery.files(first, BUNDLE), files(web.directory()));

    SvidMaterial second = svid(2);
    deliveries().deliver(web, second, BUNDLE, false);
    assertEquals(Map.of(WEB, found(web, 2, false)), deliveries().observe());
    assertEquals(Delivery.files(second, BUNDLE), files(web.directory()));
  }

  @Test
  void thoseOfOneWorkloadAreRemovedAndOthersStay() throws Exception {
    Delivery web = delivery(WEB, "web");
    Delivery api = delivery(API, "api");
    deliveries().deliver(web, svid(1), BUNDLE, true);
    deliveries().deliver(api, svid(2), BUNDLE, true);

    deliveries().remove(WEB);

    assertEquals(Map.of(API, found(api, 2, true)), deliveries().observe());
    assertEquals(Map.of(), files(web.directory()));
    deliveries().remove(WEB);
    deliveries().remove(API);
    assertEquals(new TreeMap<>(), deliveries().observe());
  }

  @Test
  void anotherPlaceTakesThePlaceOfTheFirst() throws Exception {
    deliveries().deliver(delivery(WEB, "web"), svid(1), BUNDLE, true);
    Delivery moved = delivery(WEB, "moved");

    deliveries().deliver(moved, svid(1), BUNDLE, true);

    assertEquals(Map.of(WEB, found(moved, 1, true)), deliveries().observe());
    assertEquals(Map.of(), files(base().resolve("web")));
  }

  @Test
  void whatIsNotOursIsLeftAlone() throws Exception {
    Delivery web = delivery(WEB, "web");
    occupy(web.directory());

    HostException refused =
        assertThrows(HostException.class, () -> deliveries().deliver(web, svid(1), BUNDLE, true));

    assertEquals(
        "delivering an SVID to '"
            + web.directory()
            + "' failed: there is something else; remove it, or choose another svid.directory",
        refused.getMessage());
    assertEquals(Map.of(), deliveries().observe());
  }
}
