// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.host.HostSnapshot.Section;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Workload;
import io.meshx.it.packages.Rebuild;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The RPM with its scriptlets, by the real rpm and the real systemd of a Debian host. What the
 * distributions of RPM have under other names, a package of the test's own stands for; SELinux and
 * their macros are not tried by it.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class RpmIT {
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final int REQUESTS_PER_SECOND = 20;
  private static final String THIS = "/opt/lab/this.rpm";
  private static final String NEXT = "/opt/lab/next.rpm";
  private static final String STAND_IN =
      """
      Name: distribution
      Version: 1
      Release: 1
      Summary: what a distribution of RPM has under other names
      License: none
      BuildArch: noarch
      Provides: /bin/sh, systemd = 252, glibc = 2.36, dbus, iproute, nftables, conntrack-tools, dnsmasq, coreutils, findutils
      %description
      Nothing.
      %files
      """;

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private Optional<MeshHost> joined = Optional.empty();
  private Optional<MeshHost> peer = Optional.empty();
  private Optional<HostSnapshot> before = Optional.empty();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void boot() {
    Rebuild next = Rebuild.next(mesh.lab().cluster().directory("next"), "0.1.1");
    peer = Optional.of(mesh.hosts(MeshHost.spec("vm2", Debian.TRIXIE)).getFirst());
    Host machine =
        mesh.lab().hosts(MeshHost.spec("vm1", Debian.BOOKWORM).withPackages("rpm")).getFirst();
    joined = Optional.of(new MeshHost(machine, mesh.pki()));
    host().prepare(web);
    machine.write("/root/distribution.spec", STAND_IN);
    machine.run(LONGEST, "rpmbuild", "-bb", "--quiet", "/root/distribution.spec").ok();
    rpm("-i", "/root/rpmbuild/RPMS/noarch/distribution-1-1.noarch.rpm");
    machine.delete("/root/rpmbuild");
    // As Fedora and its kin have it (systemd.preset(5)); Debian has none.
    machine.write("/usr/lib/systemd/system-preset/99-default-disable.preset", "disable *\n");
    before = Optional.of(HostSnapshot.of(machine));
    copy(Rebuild.here().rpm(), THIS);
    copy(next.rpm(), NEXT);
    mesh.set(peer.orElseThrow(), MeshHost.Mode.AGENT, api);
    peer.orElseThrow().join();
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost host() {
    return joined.orElseThrow();
  }

  private void copy(Path rpm, String path) {
    host().host().copyIn(rpm, path, "root:root", "0644");
  }

  private String rpm(String... arguments) {
    String[] argv = new String[arguments.length + 2];
    argv[0] = "rpm";
    argv[1] = "--force-debian";
    System.arraycopy(arguments, 0, argv, 2, arguments.length);
    Result result = host().host().run(LONGEST, argv);
    assertEquals(0, result.exit(), result::toString);
    return result.stdout();
  }

  private String unit(String... question) {
    List<String> argv = new ArrayList<>(List.of("systemctl"));
    argv.addAll(List.of(question));
    argv.add(MeshHost.AGENT_UNIT);
    return host().host().exec(argv.toArray(String[]::new)).out();
  }

  private void assertVersion(String version) {
    assertEquals(version, rpm("-q", "--qf", "%{VERSION}", MeshHost.PACKAGE));
    String said = host().meshx("version").ok().stdout();
    assertTrue(said.startsWith("meshx-agent " + version + " ("), said);
    assertTrue(host().host().exists(Installing.CLASSES));
  }

  @Test
  @Order(1)
  void installingNeitherEnablesNorStartsAnythingAndSaysWhatIsNext() {
    String said = rpm("-i", THIS);
    assertTrue(said.contains("systemctl enable --now meshx-agent"), said);
    assertEquals("disabled", unit("is-enabled"));
    assertEquals("inactive", unit("is-active"));
    assertVersion("0.1.0");
    for (String user : List.of("meshx-proxy", "meshx-spire")) {
      assertEquals(0, host().host().exec("id", user).exit());
    }
    // Of what the package brought nothing is changed.
    assertEquals("", rpm("-V", "--nodeps", MeshHost.PACKAGE));
  }

  @Test
  @Order(2)
  void theHostJoins() {
    mesh.set(host(), MeshHost.Mode.AGENT, web);
    host().join();
    assertEquals("api", host().awaitRequest(web, url()).workload());
    assertTrue(rpm("-qc", MeshHost.PACKAGE).contains("/etc/meshx-agent/agent.toml"));
  }

  private String url() {
    return "http://%s:%d/".formatted(peer.orElseThrow().host().ipv4(), api.port());
  }

  private void undisturbed(String... rpm) {
    undisturbed(() -> rpm(rpm));
  }

  private void undisturbed(Runnable action) {
    SortedMap<String, Run> runs = host().dataPlane();
    String rules = host().rules();
    String configuration = host().host().read(MeshHost.CONFIG);
    Load load = host().load(web, url(), REQUESTS_PER_SECOND);
    action.run();
    host().awaitJoined();
    Load.Summary summary = load.end();
    assertEquals(0, summary.failed(), summary::toString);
    assertTrue(summary.ok() > 0, summary::toString);
    assertEquals(runs, host().dataPlane());
    assertEquals(rules, host().rules());
    assertEquals(configuration, host().host().read(MeshHost.CONFIG));
    assertEquals("enabled", unit("is-enabled"));
  }

  @Test
  @Order(3)
  void upgradeAndDowngradeChangeNothingAndLoseNoRequest() {
    undisturbed("-U", NEXT);
    assertVersion("0.1.1");
    undisturbed("-U", "--oldpackage", THIS);
    assertVersion("0.1.0");
  }

  @Test
  @Order(4)
  void anAgentWhoseConfigurationIsRefusedIsNotRestartedAndThePackageSaysSo() {
    Host machine = host().host();
    String before = unit("show", "-p", "MainPID,InvocationID");
    machine.exec("chmod", "0666", MeshHost.CONFIG).ok();
    Result upgraded = machine.run(LONGEST, "rpm", "--force-debian", "-U", NEXT);
    assertTrue(upgraded.stderr().contains("'chmod go-w " + MeshHost.CONFIG), upgraded::toString);
    assertTrue(upgraded.stderr().contains("systemctl restart meshx-agent"), upgraded::toString);
    assertEquals(before, unit("show", "-p", "MainPID,InvocationID"));

    machine.exec("chmod", "0644", MeshHost.CONFIG).ok();
    machine.exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    host().awaitJoined();
    assertVersion("0.1.1");
    undisturbed("-U", "--oldpackage", THIS);
  }

  private String second() {
    return host().host().exec("date", "+%s").out();
  }

  /** A moment of an upgrade: when what is to be seen on the host is seen. */
  enum Moment {
    CACHE_IS_GONE(Installing.CACHE_IS_GONE),
    // rpm gives each file its name when all of it is there.
    FILES_ARE_UNPACKED("ls /usr/lib/meshx-agent/lib | grep ';'"),
    CACHE_IS_MADE(Installing.CACHE_IS_MADE);

    private final String seen;

    Moment(String seen) {
      this.seen = seen;
    }
  }

  @ParameterizedTest
  @EnumSource
  @Order(5)
  void anUpgradeThatIsKilledIsTakenUpAgain(Moment moment) {
    undisturbed(() -> {
      Installing.begin(host().host(), "rpm --force-debian -U " + NEXT, moment.seen);
      Installing.kill(host().host());
      // rpm names what it unpacks by the second in which it began, and takes no file that is there.
      String second = second();
      Await.until("the next second", LONGEST, () -> !second().equals(second));
      rpm("-U", "--replacepkgs", NEXT);
    });
    assertVersion("0.1.1");
    assertEquals("", rpm("-V", "--nodeps", "--noconfig", MeshHost.PACKAGE));
    undisturbed("-U", "--oldpackage", THIS);
    assertVersion("0.1.0");
  }

  @Test
  @Order(6)
  void erasingTakesTheHostOutAndKeepsConfigurationAndState() {
    rpm("-e", MeshHost.PACKAGE);
    Host machine = host().host();
    assertTrue(machine.exists(MeshHost.CONFIG + ".rpmsave"));
    assertTrue(machine.exists(web.path()));
    assertTrue(machine.exists("/var/lib/meshx-agent/spire/agent"));
    assertFalse(machine.exists("/usr/lib/meshx-agent"));
    assertFalse(machine.exists("/run/meshx-agent"));
  }

  @Test
  @Order(7)
  void installedAgainItJoinsWithItsIdentity() {
    rpm("-i", THIS);
    host().host().sh("mv /etc/meshx-agent/agent.toml.rpmsave /etc/meshx-agent/agent.toml").ok();
    host().join();
    assertEquals("api", host().awaitRequest(web, url()).workload());
  }

  @Test
  @Order(8)
  void withADeadAgentErasingLeavesTheHostAsItWas() {
    Host machine = host().host();
    machine.sh("systemctl kill --signal=KILL 'meshx-*.service'").ok();
    rpm("-e", MeshHost.PACKAGE);
    machine.delete("/etc/meshx-agent");
    machine.delete("/var/lib/meshx-agent");
    machine.delete(THIS);
    machine.delete(NEXT);
    String difference =
        before.orElseThrow().without(Section.ACCOUNTS).difference(HostSnapshot.of(machine));
    assertEquals("", difference);
  }
}
