// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.it.exec.Command;
import io.meshx.it.packages.Rebuild;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whoever builds the packages from the same files gets the same packages, to the byte. */
@Tag("host")
final class ReproducibleIT {
  private static final int NOBODY = 65534;
  private Path elsewhere = Path.of("/");

  @BeforeEach
  void findPlace() throws IOException {
    elsewhere = Files.createTempDirectory("meshx-rebuild");
    Files.setPosixFilePermissions(elsewhere, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void removePlace() {
    Command.of("rm", "-rf", elsewhere.toString()).run().ok();
  }

  @Test
  void anotherDirectoryUserUmaskAndTimeZoneMakeTheSamePackages() {
    Rebuild here = Rebuild.here();
    Rebuild there =
        Rebuild.at(
            elsewhere.resolve("a longer name"),
            new Rebuild.Builder(NOBODY, "0077", "Asia/Kathmandu"));
    assertEquals(sum(here.deb()), sum(there.deb()), () -> difference(here.deb(), there.deb()));
    assertEquals(sum(here.rpm()), sum(there.rpm()));
  }

  private static String sum(Path file) {
    return Command.of("sha256sum", file.toString()).run().ok().stdout().split(" ", 2)[0];
  }

  /** The members that differ. */
  private static String difference(Path left, Path right) {
    return Command.of(
            "bash",
            "-c",
            "diff <(dpkg-deb --fsys-tarfile \"$1\" | tar -tv) "
                + "<(dpkg-deb --fsys-tarfile \"$2\" | tar -tv) | head -20",
            "difference",
            left.toString(),
            right.toString())
        .run()
        .stdout();
  }
}
