// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A host joins and leaves by one command each, with nothing but a workload's file beside it. What
 * the command prints for the administrator of the SPIRE server is pasted there as it is.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class EnrolmentIT {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final String BUNDLE = "/root/bundle.pem";
  private static final String JOIN_FILE = "/etc/meshx-agent/conf.d/join.toml";

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private SpireServer server;
  private MeshHost vm;
  private HostSnapshot before;
  private String token = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void boot() {
    server = mesh.spireServer();
    vm = mesh.hosts(MeshHost.spec("vm1", Debian.TRIXIE)).getFirst();
    vm.prepare(web);
    vm.add(web);
    vm.host().write(BUNDLE, server.bundle());
    before = HostSnapshot.of(vm.host());
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  /** What is said on the command line: all that agent.toml says in other suites. */
  private String options() {
    String rest =
        vm.toml(MeshHost.Mode.AGENT).values().entrySet().stream()
            .filter(key ->
                key.getKey().startsWith("network.") || key.getKey().startsWith("components."))
            .map(key -> " --set '" + key.getKey() + "=" + key.getValue() + "'")
            .collect(Collectors.joining());
    return " --server "
        + server.address()
        + " --trust-domain "
        + server.settings().trustDomain()
        + " --trust-bundle "
        + BUNDLE
        + rest;
  }

  private Result meshx(String command) {
    return vm.host().exec(LONG, "sh", "-c", "meshx " + command);
  }

  @Test
  @Order(1)
  void whatIsWrongIsRefusedAndNothingIsTouched() {
    for (Map.Entry<String, Integer> wrong :
        Map.of(
                "join" + options().replace(server.address(), "nowhere"), 2,
                "join" + options().replace(BUNDLE, "/nonexistent"), 78,
                "join" + options() + " --attestor x509pop", 78,
                "join" + options() + " --attestor by_goodwill", 78,
                "join" + options() + " --set no.such_key=1", 78,
                "join" + options() + " --token-file /dev/null", 78,
                "join --server " + server.address(), 78)
            .entrySet()) {
      Result refused = meshx(wrong.getKey());
      assertEquals(wrong.getValue(), refused.exit(), refused::toString);
      assertFalse(refused.stderr().isBlank(), refused::toString);
    }
    assertFalse(vm.host().exists(JOIN_FILE));
    assertFalse(vm.host().exists("/etc/meshx-agent/join"));
    assertEquals("", before.difference(vm.snapshot()));
  }

  @Test
  @Order(2)
  void whatIsPrintedIsPastedAtTheServerAndTheHostJoins() {
    Result first = meshx("join" + options() + " --timeout 5");
    assertEquals(4, first.exit(), first::toString);
    assertTrue(first.stdout().contains("a join token: make one"), first::toString);

    for (String line :
        first.stdout().lines().filter(each -> each.startsWith("spire-server ")).toList()) {
      List<String> words = Arrays.asList(line.split(" "));
      Result pasted = server.cli(words.subList(1, words.size()).toArray(String[]::new)).ok();
      if (line.contains("token generate")) {
        token = pasted.stdout().lines().findFirst().orElse("").replace("Token: ", "").strip();
      }
    }
    Result joined = meshx("join --token-file - <<'END'\n" + token + "\nEND\n");

    assertEquals(0, joined.exit(), joined::toString);
    assertTrue(joined.stdout().contains("vm1 has joined after "), joined::toString);
    assertEquals(web.spiffeId(), vm.status().svid("web").id());
    assertEquals(
        "enabled", vm.host().exec("systemctl", "is-enabled", MeshHost.AGENT_UNIT).ok().out());
    assertFalse(vm.host().exists("/etc/meshx-agent/join/token"), "the used token is still there");
  }

  @Test
  @Order(3)
  void onAHostThatHasJoinedItChangesNothingAndSaysSoAtOnce() {
    SortedMap<String, Run> running = vm.dataPlane();
    Run agent = vm.run(MeshHost.AGENT_UNIT);

    Result again = meshx("join --json");

    assertEquals(0, again.exit(), again::toString);
    assertTrue(again.stdout().startsWith("{"), again::toString);
    assertEquals(running, vm.dataPlane());
    assertEquals(agent, vm.run(MeshHost.AGENT_UNIT));
  }

  @Test
  @Order(4)
  void oneThingIsChangedAndAWrongOneIsNot() {
    String kept = vm.host().read(JOIN_FILE);
    Result wrong = meshx("join --set metrics.port=0");
    assertEquals(78, wrong.exit(), wrong::toString);
    assertEquals(kept, vm.host().read(JOIN_FILE));

    Result changed = meshx("join --set metrics.port=4999");
    assertEquals(0, changed.exit(), changed::toString);
    assertEquals(
        kept, vm.host().read(JOIN_FILE).replace("metrics.port = 4999\n", ""), changed::toString);
    meshx("join --set metrics.port=4192").ok();
  }

  @Test
  @Order(5)
  void leavingEndsTheMembership() {
    Result left = meshx("leave");

    assertEquals(0, left.exit(), left::toString);
    assertTrue(
        left.stdout().contains("spire-server agent evict -spiffeID spiffe://"), left::toString);
    assertFalse(vm.host().exists(JOIN_FILE));
    assertFalse(vm.host().exists("/etc/meshx-agent/join"));
    assertFalse(vm.host().exists("/var/lib/meshx-agent/spire/agent"));
    assertEquals("", before.difference(vm.snapshot()));
  }

  @Test
  @Order(6)
  void fromATerminalTheFirstRulesAreOnTrialUntilSomebodyConfirms() {
    Host host = vm.host();
    Pki.Credential certificate = server.hosts().issue(Duration.ofHours(1), "vm1");
    host.write("/root/host.crt", certificate.certificatePem());
    host.write("/root/host.key", certificate.keyPem(), "root:root", "0600");
    server.createNode(vm.alias(), "x509pop:subject:cn:vm1");
    host.write(
        "/root/join",
        "meshx join"
            + options()
            + " --attestor x509pop --certificate /root/host.crt --private-key /root/host.key\n");

    Result joined = host.exec(LONG, "sh", "-c", "echo | script -qefc 'sh /root/join' /dev/null");

    assertEquals(0, joined.exit(), joined::toString);
    assertTrue(joined.stdout().contains("The redirect rules are on trial"), joined::toString);
    assertTrue(joined.stdout().contains("The host has joined."), joined::toString);
    vm.awaitJoined();
    assertFalse(host.read(JOIN_FILE).contains("confirm_within"));
    assertTrue(vm.status().step("host", "confirmation").isEmpty());
    assertFalse(vm.ourRules().isBlank());
    assertTrue(meshx("entries --as manifests").ok().stdout().contains("kind: ClusterStaticEntry"));
  }
}
