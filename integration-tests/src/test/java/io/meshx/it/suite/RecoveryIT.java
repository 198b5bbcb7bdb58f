// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What becomes of a host's identity when servers are away, agents evicted, tokens spent and roots
 * changed: one host proves itself with a certificate and heals by itself, the other with a join
 * token and says when it needs another. Requests go between them all the time, and none of them
 * arrives without an identity.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RecoveryIT {
  /** Renewed after half of that, looked at by the SPIRE agent every 5 seconds. */
  private static final Duration SVID_TTL = Duration.ofSeconds(20);

  private static final Duration AGENT_TTL = Duration.ofSeconds(60);
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int PER_SECOND = 10;
  private static final String TOKEN = "/etc/meshx-agent/join-token";
  private static final String SOCKET = "/run/meshx-agent/spire/public/api.sock";
  private static final String STATE = "/var/lib/meshx-agent/spire";
  private static final String DATA = STATE + "/agent";

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.numbered("web", 0);
  private final Workload api = Workload.numbered("api", 1);
  private final Workload caller = Workload.numbered("caller", 2);
  private SpireServer server;
  private String url = "";

  /** Attested with a certificate. */
  private MeshHost vm1;

  /** Attested with a join token. */
  private MeshHost vm2;

  private Load load;

  /** What makes good what a test did to vm1. */
  private String damaged = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    server =
        mesh.spireServer(
            SpireServer.Settings.DEFAULT.withSvidTtl(SVID_TTL).withAgentTtl(AGENT_TTL));
    List<MeshHost> hosts =
        mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    vm1 = hosts.getFirst();
    vm2 = hosts.getLast();
    mesh.set(vm1, MeshHost.Mode.AGENT, web, api);
    mesh.set(vm2, MeshHost.Mode.AGENT, caller);
    Pki.Credential certificate = server.hosts().issue(Duration.ofHours(1), "vm1");
    vm1.host().write("/etc/meshx-agent/host.crt", certificate.certificatePem());
    vm1.host().write("/etc/meshx-agent/host.key", certificate.keyPem(), "root:root", "0600");
    vm1.host().delete(TOKEN);
    vm1.configure(
        vm1.toml(MeshHost.Mode.AGENT)
            .withText("spire.attestor", "x509pop")
            .withText("spire.x509pop.certificate", "host.crt")
            .withText("spire.x509pop.private_key", "host.key")
            .withText("mesh.trust_anchors_from", "bundle"));
    vm2.configure(vm2.toml(MeshHost.Mode.AGENT).withText("mesh.trust_anchors_from", "bundle"));
    server.createNode(vm1.alias(), "x509pop:subject:cn:vm1");
    url = mesh.service("10.96.50.1", vm1, web);
    Mesh.onAll(hosts, MeshHost::join);
    vm2.awaitRequest(caller, url);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  @BeforeEach
  void requests() {
    load = vm2.load(caller, url, PER_SECOND);
  }

  @AfterEach
  void allIsAsBeforeAndNothingWentInPlaintext() {
    server.start();
    repair();
    vm1.awaitJoined();
    if (!vm2.status().joined()) {
      giveToken();
    }
    vm2.awaitJoined();
    // One that was not needed after all would be there for the next test.
    vm2.host().delete(TOKEN);
    vm2.awaitRequest(caller, url);
    assertEquals(0, load.end().plain());
  }

  @Test
  void aServerThatIsAwayForLongerThanAnSvidLivesIsSaidAndItsReturnHeals() {
    SortedMap<String, Run> before = vm1.dataPlane();
    server.stop();

    awaitWaiting(vm1, "host", "agent SVID", "SPIRE to renew the SVID ");
    awaitWaiting(
        vm1,
        "host",
        "agent SVID",
        "which has expired at",
        "nothing listens at " + server.address());

    server.start();
    vm1.awaitJoined();
    assertEquals(before, vm1.dataPlane());
  }

  @Test
  void anEvictedAgentWithACertificateComesBackByItselfAndOneWithATokenAsksForOne() {
    String known = spireAgent(vm1);
    for (MeshHost vm : List.of(vm1, vm2)) {
      server.cli("agent", "evict", "-spiffeID", spireAgent(vm)).ok();
    }

    awaitWaiting(
        vm2, "host", "SPIRE agent", "a join token: make one", "no longer knows this SPIRE agent");
    vm1.awaitJoined();
    Await.until(
        "the server to know vm1 again",
        LONG,
        () -> server.cli("agent", "show", "-spiffeID", known).succeeded());
    giveToken();
    vm2.awaitJoined();
  }

  @Test
  void aBannedAgentIsToldAndComesBackWhenTheBanIsLifted() {
    String id = spireAgent(vm1);
    server.cli("agent", "ban", "-spiffeID", id).ok();

    awaitWaiting(
        vm1, "host", "agent SVID", "has banned this SPIRE agent", "spire-server agent evict");

    server.cli("agent", "evict", "-spiffeID", id).ok();
    vm1.awaitJoined();
  }

  @Test
  void aDataDirectoryThatIsGoneIsMadeAnewOrATokenAskedForWhichMayNotBeLate() {
    forget(vm1);
    forget(vm2);
    vm1.start();
    vm2.start();
    vm1.awaitJoined();
    awaitWaiting(vm2, "host", "SPIRE agent", "a join token: make one");

    String late = server.token(Duration.ofSeconds(1), vm2.alias());
    Instant spent = Instant.now().plusSeconds(2);
    Await.until("a token to expire", LONG, () -> Instant.now().isAfter(spent));
    give(late);
    awaitWaiting(vm2, "host", "agent SVID", "join token");
    giveToken();
    vm2.awaitJoined();
  }

  @Test
  void aDamagedDataDirectoryIsTold() {
    vm1.host().sh("systemctl stop meshx-agent meshx-spire-agent").ok();
    damaged = "rm -rf " + DATA;
    vm1.host().write(DATA + "/agent-data.json", "{ damaged");
    vm1.start();

    awaitWaiting(vm1, "host", "agent SVID", "move " + DATA + " away");

    repair();
    vm1.awaitJoined();
  }

  @Test
  void aFullDiskIsTold() {
    vm1.host().sh("systemctl stop meshx-agent meshx-spire-agent").ok();
    damaged = "umount -l " + STATE;
    vm1.host()
        .sh(
            "mount -t tmpfs -o size=4k,mode=0711 full %1$s && head -c 4096 /dev/zero >%1$s/full"
                .formatted(STATE))
        .ok();
    vm1.start();

    awaitWaiting(vm1, "host", "agent SVID", "a disk that SPIRE writes to is full");

    repair();
    vm1.awaitJoined();
  }

  private void repair() {
    if (!damaged.isEmpty()) {
      vm1.host().sh("systemctl stop meshx-spire-agent; " + damaged).ok();
      damaged = "";
    }
  }

  @Test
  void aHostThatWasOffForLongerThanItsIdentityLivesHealsOrAsksForAToken() {
    for (MeshHost vm : List.of(vm1, vm2)) {
      vm.host().sh("systemctl stop meshx-agent meshx-spire-agent").ok();
    }
    Instant until = Instant.now().plus(AGENT_TTL).plusSeconds(5);
    Await.until("their identities to expire", LONG, () -> Instant.now().isAfter(until));
    vm1.start();
    vm2.start();

    vm1.awaitJoined();
    awaitWaiting(
        vm2, "host", "SPIRE agent", "a join token: the SPIRE agent's identity expired at ");
    giveToken();
    vm2.awaitJoined();
  }

  @Test
  void aSpireAgentThatIsKilledAgainAndAgainAndALostSocketDirectoryCostNoRequest() {
    SortedMap<String, Run> before = vm1.dataPlane();
    for (int round = 0; round < 3; round++) {
      String serial = vm1.status().svid("web").serial();
      vm1.host().exec("systemctl", "kill", "--signal=KILL", MeshHost.SPIRE_AGENT_UNIT).ok();
      Await.until("a renewal after the SPIRE agent was killed", LONG, () -> renewed(serial));
    }
    Run killed = vm1.run(MeshHost.SPIRE_AGENT_UNIT);
    vm1.host().sh("rm -rf " + SOCKET.substring(0, SOCKET.lastIndexOf('/'))).ok();
    Await.until(
        "the socket to be back",
        LONG,
        () ->
            vm1.host().exists(SOCKET)
                && !vm1.run(MeshHost.SPIRE_AGENT_UNIT).equals(killed)
                && vm1.status().joined());
    String serial = vm1.status().svid("web").serial();
    Await.until("a renewal over the new socket", LONG, () -> renewed(serial));

    noRequestFailed();
    SortedMap<String, Run> after = vm1.dataPlane();
    before.remove(MeshHost.SPIRE_AGENT_UNIT);
    after.remove(MeshHost.SPIRE_AGENT_UNIT);
    assertEquals(before, after);
  }

  @Test
  void anotherAuthorityOfTheServerIsTakenWithoutARestart() {
    SortedMap<String, Run> before = vm1.dataPlane();
    String serial = vm1.status().svid("web").serial();

    server.rotateAuthority();
    Await.until("an SVID of the new authority", LONG, () -> renewed(serial));

    noRequestFailed();
    assertEquals(before, vm1.dataPlane());
  }

  @Test
  void anotherRootIsTrustedByProxiesRestartedOneByOneBeforeItIsUsed() {
    Run webProxy = vm1.run(web.proxyUnit());
    Run apiProxy = vm1.run(api.proxyUnit());
    Run callerProxy = vm2.run(caller.proxyUnit());
    Set<Run> workloads = Set.of(vm1.run(web.unit()), vm1.run(api.unit()));

    String authority = server.prepareRoot(Pki.create("the next root"));
    Await.until(
        "all proxies to trust both roots",
        LONG,
        () ->
            !vm1.run(web.proxyUnit()).equals(webProxy)
                && !vm1.run(api.proxyUnit()).equals(apiProxy)
                && !vm2.run(caller.proxyUnit()).equals(callerProxy));
    Mesh.onAll(List.of(vm1, vm2), MeshHost::awaitJoined);
    assertEquals(workloads, Set.of(vm1.run(web.unit()), vm1.run(api.unit())));
    vm2.awaitRequest(caller, url);
    assertEquals(0, load.end().plain());

    load = vm2.load(caller, url, PER_SECOND);
    SortedMap<String, Run> before = vm1.dataPlane();
    String serial = vm1.status().svid("web").serial();
    server.activate(authority);
    Await.until("an SVID of the new root", LONG, () -> renewed(serial));
    String next = vm1.status().svid("web").serial();
    Await.until("the one after it", LONG, () -> renewed(next));

    noRequestFailed();
    assertEquals(before, vm1.dataPlane());
  }

  /** The SPIFFE ID of a host's SPIRE agent, which is asked for it a moment after the join. */
  private static String spireAgent(MeshHost vm) {
    Await.until("an ID of the SPIRE agent", LONG, () -> !vm.status().spireAgent().id().isEmpty());
    return vm.status().spireAgent().id();
  }

  /** Up to now; what comes later is counted anew. */
  private void noRequestFailed() {
    Load.Summary summary = load.end();
    load = vm2.load(caller, url, PER_SECOND);
    assertEquals(0, summary.failed(), summary::toString);
    assertEquals(0, summary.plain(), summary::toString);
    assertTrue(summary.ok() > PER_SECOND, summary::toString);
  }

  private boolean renewed(String serial) {
    Status.Svid svid = vm1.status().svids().get("web");
    return svid != null && !svid.serial().equals(serial);
  }

  private void giveToken() {
    give(server.token(Duration.ofMinutes(10), vm2.alias()));
  }

  private void give(String token) {
    vm2.host().write(TOKEN, token + "\n", "root:root", "0600");
  }

  /** Stops what runs of SPIRE here and takes its identity away. */
  private static void forget(MeshHost vm) {
    vm.host().sh("systemctl stop meshx-agent meshx-spire-agent; rm -rf " + DATA).ok();
  }

  private static void awaitWaiting(MeshHost vm, String scope, String step, String... words) {
    Await.until(
        vm.name() + ": " + scope + ": " + step + " to wait for " + List.of(words),
        LONG,
        () ->
            vm.status()
                .step(scope, step)
                .filter(each -> each.state().equals("waiting"))
                .filter(each -> List.of(words).stream().allMatch(each.detail()::contains))
                .isPresent());
  }
}
