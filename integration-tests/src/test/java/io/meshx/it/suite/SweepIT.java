// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.Lab;
import io.meshx.it.Sweep;
import io.meshx.it.cache.Cache;
import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Daemon;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSpec;
import io.meshx.it.net.LabId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is left behind, whatever happens to the process, and other labs are left alone. */
@Tag("harness")
final class SweepIT {
  @TempDir private Path temporary = Path.of("");

  private Lab bystander = Lab.open();
  private Cgroup group = Cgroup.named(bystander.id().name("child"));

  @BeforeEach
  void makeGroup() {
    group.create();
  }

  @AfterEach
  void close() {
    bystander.close();
  }

  @Test
  void aProcessThatIsAskedToEndRemovesItsLab() {
    Daemon process = open();
    LabId id = idOf(process);
    assertTrue(Sweep.leftovers(id).size() > 3, () -> Sweep.leftovers(id).toString());
    process.stop();
    assertEquals(List.of(), Sweep.leftovers(id));
  }

  @Test
  void whatAKilledProcessLeavesIsSweptAndNothingElse() {
    Host host = bystander.host(HostSpec.of("vm1", Debian.BOOKWORM));
    List<String> before = Sweep.leftovers(bystander.id());
    Daemon process = open();
    LabId id = idOf(process);
    process.kill();
    assertTrue(Sweep.leftovers(id).size() > 3, () -> Sweep.leftovers(id).toString());
    assertEquals(List.of(), Sweep.run());
    assertEquals(List.of(), Sweep.leftovers(id));
    assertEquals(before, Sweep.leftovers(bystander.id()));
    host.exec("true").ok();
  }

  private Daemon open() {
    Daemon process =
        Daemon.start(
            "a process with a lab",
            group,
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                AbandonedLab.class.getName()),
            Map.of("XDG_CACHE_HOME", String.valueOf(Cache.root().getParent())),
            temporary.resolve("log"));
    process.awaitReady(
        "ready", Duration.ofMinutes(2), () -> process.log().contains(AbandonedLab.READY));
    return process;
  }

  private static LabId idOf(Daemon process) {
    return new LabId(
        process
            .log()
            .lines()
            .filter(line -> line.startsWith(AbandonedLab.READY))
            .map(line -> line.substring(AbandonedLab.READY.length()))
            .findFirst()
            .orElseThrow());
  }
}
