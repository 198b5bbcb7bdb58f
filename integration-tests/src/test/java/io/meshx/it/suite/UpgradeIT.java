// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Result;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.packages.Rebuild;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Upgrades and downgrades of the DEB on two hosts that send requests to each other, and what
 * interrupts them. The other version has another number and starts units that differ. With
 * MESHX_PREVIOUS_DEB in the environment the other one is that package.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class UpgradeIT {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /** The agent's options, with a log of the classes that it loads. */
  private static final String LOGGED = "/opt/lab/logged.args";

  /** So many classes, of over five thousand, may be read from jars in a join. */
  private static final int NOT_REHEARSED = 40;

  private final Mesh mesh = Mesh.open();
  private Pair pair = new Pair(List.of());
  private Path other = Path.of("/");

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    other =
        Optional.ofNullable(System.getenv("MESHX_PREVIOUS_DEB"))
            .map(Path::of)
            .orElseGet(() -> Rebuild.next(mesh.lab().cluster().directory("next"), "0.1.1").deb());
    pair = Pair.join(mesh);
    for (MeshHost host : pair.hosts()) {
      host.host().copyIn(MeshHost.deb(), "/opt/lab/this.deb", "root:root", "0644");
      host.host().copyIn(other, "/opt/lab/other.deb", "root:root", "0644");
    }
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  /** Installs it, and gives back what was said. */
  private static String install(MeshHost host, String deb) {
    Result installed =
        host.host()
            .run(
                LONGEST,
                "apt-get",
                "-y",
                "-q",
                "-oDpkg::Options::=--force-confold", // As README says.
                "--allow-downgrades",
                "--reinstall",
                "install",
                deb);
    assertEquals(0, installed.exit(), installed::toString);
    return installed.stdout() + installed.stderr();
  }

  private static String installed(MeshHost host) {
    return host.host()
        .exec("dpkg-query", "-W", "-f=${db:Status-Abbrev} ${Version}", "meshx-agent")
        .out();
  }

  /** The new code runs, from the cache of its own classes, and it is what the package says. */
  private static void assertRuns(MeshHost host, String deb) {
    String version = host.host().exec("dpkg-deb", "-f", deb, "Version").ok().out();
    assertEquals("ii  " + version, installed(host));
    assertTrue(host.host().exists(Installing.CLASSES), "there is no cache of classes");
    String said = host.meshx("version").ok().stdout();
    assertTrue(said.startsWith("meshx-agent " + version), said);
    String journal = host.host().journal(MeshHost.AGENT_UNIT);
    String last =
        journal.lines().filter(line -> line.contains(" starts")).reduce("", (_, line) -> line);
    assertTrue(last.contains("meshx-agent " + version + " "), journal);
    assertEquals("enabled", host.host().exec("systemctl", "is-enabled", MeshHost.AGENT_UNIT).out());
  }

  @Test
  void upgradeAndDowngradeChangeNothingAndLoseNoRequest() {
    for (String deb : List.of("/opt/lab/other.deb", "/opt/lab/this.deb")) {
      pair.undisturbed(host -> install(host, deb));
      pair.hosts().forEach(host -> assertRuns(host, deb));
    }
  }

  @Test
  void anAgentWhoseConfigurationIsRefusedIsNotRestartedAndThePackageSaysSo() {
    pair.undisturbed(host -> {
      String before = agent(host);
      host.host().exec("chmod", "0666", MeshHost.CONFIG).ok();
      String said = install(host, "/opt/lab/other.deb");
      assertTrue(said.contains("'chmod go-w " + MeshHost.CONFIG + "'"), said);
      assertTrue(said.contains("systemctl restart meshx-agent"), said);
      assertEquals(before, agent(host));

      host.host().exec("chmod", "0644", MeshHost.CONFIG).ok();
      host.host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    });
    pair.hosts().forEach(host -> assertRuns(host, "/opt/lab/other.deb"));
    pair.undisturbed(host -> install(host, "/opt/lab/this.deb"));
  }

  @Test
  void whatThePackageRehearsesGoesThroughAWholeJoinAndChangesNothing() {
    pair.undisturbed(host -> {
      Result rehearsed = host.meshx("rehearse");
      assertEquals(0, rehearsed.exit(), rehearsed::toString);
      assertEquals("", rehearsed.stdout() + rehearsed.stderr());
    });
  }

  @Test
  void aJoinFindsItsClassesInTheCache() {
    MeshHost host = pair.hosts().getFirst();
    String log = "/var/lib/meshx-agent/classes.log";
    String dropIn = "/etc/systemd/system/" + MeshHost.AGENT_UNIT + ".d/logged.conf";
    host.meshx("down").ok();
    host.host()
        .sh(
            "sed 's#^-Xlog:disable$#-Xlog:class+load:file=%s#' /usr/lib/meshx-agent/java.args >%s"
                .formatted(log, LOGGED))
        .ok();
    host.host()
        .write(
            dropIn,
            "[Service]\nExecStart=\nExecStart=/usr/lib/meshx-agent/runtime/bin/java @"
                + LOGGED
                + " run\n");
    host.host().exec("systemctl", "daemon-reload").ok();
    host.start();
    host.awaitJoined();
    List<String> loaded = host.host().read(log).lines().toList();
    host.host().sh("rm %s %s %s; systemctl daemon-reload".formatted(log, LOGGED, dropIn)).ok();
    host.host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    host.awaitJoined();

    long cached = loaded.stream().filter(line -> line.contains(" shared objects file")).count();
    assertTrue(cached > 1000, "of the cache there are only " + cached + " classes");
    List<String> late = loaded.stream().filter(line -> line.contains(" source: file:")).toList();
    assertTrue(
        late.size() <= NOT_REHEARSED,
        () -> "the rehearsal misses classes:\n" + String.join("\n", late));
  }

  private static String agent(MeshHost host) {
    return host.host()
        .exec("systemctl", "show", "-p", "MainPID,InvocationID", MeshHost.AGENT_UNIT)
        .out();
  }

  /** A moment of an upgrade: when what is to be seen on the host is seen. */
  enum Moment {
    CACHE_IS_GONE(Installing.CACHE_IS_GONE),
    // One of the first; dpkg renames them all when the last is there.
    FILES_ARE_UNPACKED("[ -e /usr/lib/meshx-agent/java.args.dpkg-new ]"),
    HALF_IS_IN_PLACE("dpkg-query -W -f='${db:Status-Status}' meshx-agent | grep half"),
    CACHE_IS_MADE(Installing.CACHE_IS_MADE);

    private final String seen;

    Moment(String seen) {
      this.seen = seen;
    }
  }

  private static void begin(MeshHost host, Moment moment) {
    Installing.begin(host.host(), "dpkg -i /opt/lab/other.deb", moment.seen);
  }

  @ParameterizedTest
  @EnumSource
  void anUpgradeThatIsKilledIsTakenUpAgain(Moment moment) {
    pair.undisturbed(host -> {
      begin(host, moment);
      Installing.kill(host.host());
      // What apt and dpkg tell people to do then.
      host.host().run(LONGEST, "dpkg", "--configure", "-a");
      install(host, "/opt/lab/other.deb");
    });
    pair.hosts().forEach(host -> assertRuns(host, "/opt/lab/other.deb"));
    pair.undisturbed(host -> install(host, "/opt/lab/this.deb"));
    pair.hosts().forEach(host -> assertRuns(host, "/opt/lab/this.deb"));
  }

  @ParameterizedTest
  @EnumSource(names = {"FILES_ARE_UNPACKED", "CACHE_IS_MADE"})
  void aHostThatLosesPowerInAnUpgradeJoinsAgain(Moment moment) {
    Mesh.onAll(
        pair.hosts(),
        host -> {
          begin(host, moment);
          host.host().kill();
          host.host().boot();
          host.host().run(LONGEST, "dpkg", "--configure", "-a");
          install(host, "/opt/lab/other.deb");
          host.awaitJoined();
        });
    pair.hosts().forEach(host -> assertRuns(host, "/opt/lab/other.deb"));
    pair.awaitRequests();
    pair.undisturbed(host -> install(host, "/opt/lab/this.deb"));
  }
}
