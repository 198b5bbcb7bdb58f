// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proxy.ProxyHealth;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.FakeUnits;
import io.meshx.agent.testing.Story;
import io.meshx.agent.unit.ForeignUnit;
import io.meshx.agent.unit.OurUnits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A service of a package becomes a workload, and is left as the package made it. */
class ForeignUnitTest {
  private static final UnitName NGINX = new UnitName("nginx.service");
  private static final WorkloadName FRONT = new WorkloadName("front-end");
  private static final String SLICE =
      "/meshx.slice/meshx-workload.slice/meshx-workload-front_end.slice/nginx.service";

  private final Path directory;
  private final FakeHost host = new FakeHost("api");

  ForeignUnitTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @BeforeEach
  void install() {
    host.foreignUnits.install(NGINX);
    host.units.starts(
        OurUnits.probe(FRONT),
        () ->
            new FakeUnits.Start.EndsWell(
                host.firewall.observe().captured().contains(FRONT) ? 0 : 75));
  }

  private AgentConfig config(String... lines) throws ConfigException {
    ConfigDirectory config = ConfigDirectory.minimal(directory, "agent");
    return config
        .file(
            "workloads/front-end.toml",
            "namespace = \"mixed-env\"\nport = [{ name = \"http\", port = 80 }]\n"
                + String.join("\n", lines)
                + "\nprocess.unit = \"nginx.service\"\n")
        .read();
  }

  private AgentConfig restarting() throws ConfigException {
    return config("process.take_over = \"restart\"");
  }

  private AgentConfig none() throws ConfigException {
    return restarting().with(new TreeMap<>());
  }

  @Test
  void aRunningServiceIsRestartedIntoItsSliceOnceItsTrafficIsRedirected() throws ConfigException {
    host.foreignUnits.start(NGINX);
    Story story = Story.of(host, restarting()).settle();

    assertTrue(story.plan().complete(), story.plan()::text);
    assertEquals(SLICE, host.foreignUnits.unit(NGINX).controlGroup());
    assertEquals(
        List.of(
            "slice meshx-workload-front_end.slice",
            "drop-in nginx.service",
            "restart nginx.service"),
        host.foreignUnits.operations());
    assertTrue(
        host.firewall
            .toString()
            .contains(
                "socket cgroupv2 level 3"
                    + " \"meshx.slice/meshx-workload.slice/meshx-workload-front_end.slice\""),
        host.firewall::toString);
    assertTrue(
        story.told().indexOf("set redirect rules") < story.told().indexOf("restart nginx.service"),
        story::told);
    assertTrue(story.plan().mayStart("front-end"));
  }

  @Test
  void withoutLeaveARunningServiceIsNotRestarted() throws ConfigException {
    host.foreignUnits.start(NGINX);
    Story story = Story.of(host, config()).settle();
    assertFalse(story.plan().complete());
    assertTrue(
        story.plan().text().contains("run 'systemctl restart nginx.service'"), story.plan()::text);

    host.foreignUnits.restart(NGINX);
    story.after(Duration.ofSeconds(1));
    assertTrue(story.plan().complete(), story.plan()::text);
  }

  @Test
  void aStoppedServiceStaysStoppedAndStartsInTheMesh() throws ConfigException {
    Story story = Story.of(host, config()).settle();
    assertTrue(story.plan().complete(), story.plan()::text);
    assertFalse(host.foreignUnits.unit(NGINX).running());
    assertTrue(story.plan().mayStart("front-end"));

    host.foreignUnits.start(NGINX);
    story.after(Duration.ofSeconds(1));
    assertTrue(story.plan().complete(), story.plan()::text);
    assertEquals(SLICE, host.foreignUnits.unit(NGINX).controlGroup());
  }

  @Test
  void itMayNotStartBeforeItsProxyIsReady() throws ConfigException {
    host.proxy("front-end", new ProxyHealth.NotReady(List.of("the policy controller")));
    Story story = Story.of(host, restarting()).settle();
    assertFalse(story.plan().mayStart("front-end"));
    assertEquals(Optional.empty(), host.foreignUnits.unit(NGINX).dropIn());
  }

  @Test
  void leavingGivesItBackAndTakesTheSliceAway() throws ConfigException, HostException {
    host.foreignUnits.start(NGINX);
    Story story = Story.of(host, restarting()).settle();
    story.configure(none());

    assertTrue(story.plan().complete(), story.plan()::text);
    ForeignUnit unit = host.foreignUnits.unit(NGINX);
    assertEquals(Optional.empty(), unit.dropIn());
    assertEquals("/system.slice/nginx.service", unit.controlGroup());
    assertEquals(Map.of(), host.foreignUnits.observe(Set.of()).slices());
    assertEquals("", host.firewall.toString());
    assertEquals(Optional.empty(), host.units.activity(OurUnits.proxy(FRONT)));
  }

  @Test
  void leavingWithoutARestartWaitsForOneAndTheMeshGoesOnMeanwhile()
      throws ConfigException, HostException {
    Story story = Story.of(host, config()).settle();
    host.foreignUnits.start(NGINX);
    story.after(Duration.ofSeconds(1));
    String rules = host.firewall.toString();
    story.configure(none());

    assertFalse(story.plan().complete());
    assertTrue(
        story.plan().text().contains("run 'systemctl restart nginx.service'"), story.plan()::text);
    assertEquals(Optional.empty(), host.foreignUnits.unit(NGINX).dropIn());
    assertEquals(rules, host.firewall.toString());
    assertTrue(host.units.activity(OurUnits.proxy(FRONT)).isPresent());

    host.foreignUnits.restart(NGINX);
    story.after(Duration.ofSeconds(1));
    assertTrue(story.plan().complete(), story.plan()::text);
    assertEquals("", host.firewall.toString());
    assertEquals(Map.of(), host.foreignUnits.observe(Set.of()).slices());
  }

  @Test
  void downRestartsItInAnyCase() throws ConfigException {
    Story story = Story.of(host, config()).settle();
    host.foreignUnits.start(NGINX);
    story.after(Duration.ofSeconds(1));
    Story down = Story.down(host).settle();
    assertTrue(down.plan().complete(), down.plan()::text);
    assertEquals("/system.slice/nginx.service", host.foreignUnits.unit(NGINX).controlGroup());
  }

  @Test
  void downFreesOneThatWaitsForARestart() throws ConfigException {
    Story story = Story.of(host, config()).settle();
    host.foreignUnits.start(NGINX);
    story.after(Duration.ofSeconds(1));
    story.configure(none());
    Story down = Story.down(host).settle();
    assertTrue(down.plan().complete(), down.plan()::text);
    assertEquals("/system.slice/nginx.service", host.foreignUnits.unit(NGINX).controlGroup());
  }

  @Test
  void anAgentThatCannotLookAtServicesLeavesTheRulesAsTheyAre() throws ConfigException {
    host.foreignUnits.start(NGINX);
    Story.of(host, restarting()).settle();
    List<String> rules = host.firewall.operations();

    host.foreignUnits.reachable(false);
    Story next = Story.of(host, restarting()).settle();
    assertFalse(next.plan().complete());
    assertEquals(rules, host.firewall.operations());

    host.foreignUnits.reachable(true);
    assertTrue(next.after(Duration.ofSeconds(10)).plan().complete(), next.plan()::text);
    assertEquals(0, next.changes());
    assertEquals(rules, host.firewall.operations());
  }

  @Test
  void anotherPacketFilterCountsFromTheNextStart() throws ConfigException {
    host.foreignUnits.start(NGINX);
    Story story = Story.of(host, config("process.take_over = \"wait\"")).settle();
    host.foreignUnits.restart(NGINX);
    assertTrue(story.after(Duration.ofSeconds(1)).plan().complete(), story.plan()::text);
    story.configure(config("process.take_over = \"wait\"", "intercept.allow_udp_ports = [53]"));
    assertFalse(story.plan().complete());
    assertTrue(story.plan().text().contains("its configuration changed"), story.plan()::text);

    story.configure(config("process.take_over = \"restart\"", "intercept.allow_udp_ports = [53]"));
    assertTrue(story.plan().complete(), story.plan()::text);
    assertEquals("restart nginx.service", host.foreignUnits.operations().getLast());
  }

  @Test
  void aRebootKeepsTheDropInSoThatTheStartWaits() throws ConfigException {
    host.foreignUnits.start(NGINX);
    Story.of(host, restarting()).settle();
    host.foreignUnits.stop(NGINX);
    host.reboot();
    assertTrue(
        host.foreignUnits
            .unit(NGINX)
            .dropIn()
            .orElse("")
            .contains("meshx-ready@front-end.service"));

    Story story = Story.of(host, restarting()).settle();
    assertTrue(story.plan().mayStart("front-end"), story.plan()::text);
    host.foreignUnits.start(NGINX);
    assertTrue(story.after(Duration.ofSeconds(1)).plan().complete(), story.plan()::text);
  }

  @Test
  void whatCannotBeMeshedIsRefusedWithTheReason() throws ConfigException {
    Map<ForeignUnit, String> refusals = new LinkedHashMap<>();
    ForeignUnit there = host.foreignUnits.unit(NGINX);
    refusals.put(with(there, ForeignUnit.Load.NOT_FOUND, false), "which does not exist");
    refusals.put(with(there, ForeignUnit.Load.MASKED, false), "which is masked");
    refusals.put(with(there, ForeignUnit.Load.BROKEN, false), "whose files systemd refuses");
    refusals.put(with(there, ForeignUnit.Load.LOADED, true), "a network of its own");
    Story story = Story.of(host, restarting());
    refusals.forEach((unit, reason) -> {
      host.foreignUnits.change(unit);
      story.after(Duration.ofSeconds(10));
      assertTrue(story.plan().text().contains(reason), story.plan()::text);
      assertEquals("", host.firewall.toString());
    });
    host.foreignUnits.change(there);
    assertTrue(story.after(Duration.ofSeconds(10)).plan().complete(), story.plan()::text);
  }

  private static ForeignUnit with(ForeignUnit unit, ForeignUnit.Load load, boolean ownNetwork) {
    return new ForeignUnit(unit.name(), load, false, "", Optional.empty(), false, true, ownNetwork);
  }

  @Test
  void aHostThatCannotTellServicesApartIsNamed() throws ConfigException {
    host.hybrid();
    Story story = Story.of(host, restarting()).settle();
    assertTrue(
        story.plan().text().contains("control groups of version 2 only"), story.plan()::text);
    assertEquals("", host.firewall.toString());
  }
}
