// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.delivery.tmpfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.delivery.Deliveries;
import io.meshx.agent.delivery.DeliveriesContract;
import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.file.posix.PosixFiles;
import io.meshx.agent.host.Users;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LinkedDirectoriesTest extends DeliveriesContract {
  private static final UserName ME = new UserName("me");

  @TempDir private Path directory;
  private Deliveries deliveries;

  @BeforeEach
  void make() throws Exception {
    Users.User ids =
        new Users.User(
            (Integer) Files.getAttribute(directory, "unix:uid"),
            (Integer) Files.getAttribute(directory, "unix:gid"));
    Users users =
        names -> {
          TreeMap<UserName, Users.User> all = new TreeMap<>();
          names.forEach(name -> all.put(name, ids));
          return all;
        };
    deliveries = new LinkedDirectories(directory.resolve("ours"), new PosixFiles(users, List.of()));
  }

  @Override
  protected Deliveries deliveries() {
    return deliveries;
  }

  @Override
  protected Path base() {
    return directory;
  }

  @Override
  protected UserName owner() {
    return ME;
  }

  @Override
  protected SortedMap<String, String> files(Path place) throws Exception {
    TreeMap<String, String> files = new TreeMap<>();
    if (Files.isDirectory(place)) {
      try (Stream<Path> all = Files.list(place)) {
        for (Path each :
            all.filter(file -> !file.getFileName().toString().startsWith(".")).toList()) {
          files.put(each.getFileName().toString(), Files.readString(each));
        }
      }
    }
    return files;
  }

  @Override
  protected void occupy(Path place) throws Exception {
    Files.writeString(place, "somebody's");
  }

  @Test
  void onlyTheFilesWithTheKeyAreTheOwnersAlone() throws Exception {
    Delivery web = delivery(WEB, "web");
    deliveries.deliver(web, svid(1), BUNDLE, true);

    Map<String, String> modes = new TreeMap<>();
    for (String name : Delivery.files(svid(1), BUNDLE).keySet()) {
      modes.put(
          name,
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(web.directory().resolve(name))));
    }
    assertEquals(
        Map.of(
            "svid.pem", "r--r--r--",
            "bundle.pem", "r--r--r--",
            "svid_key.pem", "r--------",
            "svid_and_key.pem", "r--------"),
        modes);
  }

  @Test
  void aPlaceInADirectoryThatIsNotThereIsToldWithTheRemedy() {
    HostException refused =
        assertThrows(
            HostException.class,
            () -> deliveries.deliver(delivery(WEB, "gone/web"), svid(1), BUNDLE, true));

    assertTrue(
        String.valueOf(refused.getMessage())
            .endsWith("/gone' does not exist; make it, or choose another svid.directory"),
        refused::toString);
  }

  @Test
  void whoHasTheOneBeforeOpenCanReadItOn() throws Exception {
    Delivery web = delivery(WEB, "web");
    deliveries.deliver(web, svid(1), BUNDLE, true);
    Path first = web.directory().toRealPath();
    deliveries.deliver(web, svid(2), BUNDLE, false);
    assertTrue(Files.exists(first.resolve(Delivery.KEY)));

    deliveries.deliver(web, svid(3), BUNDLE, false);
    assertTrue(Files.notExists(first));
  }

  @Test
  void whatWasCutShortIsNoDelivery() throws Exception {
    Delivery web = delivery(WEB, "web");
    deliveries.deliver(web, svid(1), BUNDLE, true);
    Files.delete(web.directory().resolve(".complete"));

    assertEquals(new Delivered(web.directory(), "", false), deliveries.observe().get(WEB));
  }

  @Test
  void aLinkThatSomebodyElsePutThereIsReplacedAndOneAfterIsNotRemoved() throws Exception {
    Delivery web = delivery(WEB, "web");
    deliveries.deliver(web, svid(1), BUNDLE, true);
    Files.delete(web.directory());
    Files.createSymbolicLink(web.directory(), directory);
    assertEquals(new Delivered(web.directory(), "", false), deliveries.observe().get(WEB));

    deliveries.remove(WEB);

    assertTrue(Files.isSymbolicLink(web.directory()));
    assertTrue(Files.notExists(directory.resolve("ours")));
  }

  /** One reads it a thousand times while it is renewed: one file, and a whole directory at once. */
  @Test
  void nobodyEverSeesAKeyWithoutItsCertificateOrNothing() throws Exception {
    Delivery web = delivery(WEB, "web");
    List<SvidMaterial> svids = new ArrayList<>();
    for (int serial = 1; serial <= 50; serial++) {
      svids.add(svid(serial));
    }
    deliveries.deliver(web, svids.getFirst(), BUNDLE, true);
    Set<String> seen = new HashSet<>();
    try (ExecutorService writer = Executors.newSingleThreadExecutor()) {
      Future<?> writes =
          writer.submit(() -> {
            for (SvidMaterial each : svids) {
              deliveries.deliver(web, each, BUNDLE, false);
            }
            return null;
          });
      while (!writes.isDone()) {
        String both = Files.readString(web.directory().resolve(Delivery.BOTH));
        int end = both.indexOf("-----BEGIN PRIVATE KEY-----");
        SvidMaterial read = SvidMaterial.of(der(both.substring(0, end)), der(both.substring(end)));
        seen.add(read.serial());
      }
      writes.get();
    }
    assertTrue(!seen.isEmpty(), "nothing was read");
  }

  private static byte[] der(String pem) throws Exception {
    if (pem.startsWith("-----BEGIN CERTIFICATE-----")) {
      return CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
          .getEncoded();
    }
    return Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]*-----", ""));
  }
}
