// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.mesh.Answer;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A host that boots joins without a hand, however it ended. One host has its identities from the
 * SPIRE server in the cluster, whose token is spent by the first join, the other from its own.
 */
@Tag("host")
@Tag("any-host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RebootIT {
  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();
  private String apiService = "";
  private String webService = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  /** How far the first join of a host with a SPIRE server of its own has got. */
  enum Moment {
    AGENT_STARTED("systemctl is-active --quiet meshx-agent.service"),
    TOKEN_MADE("test -e /run/meshx-agent/spire/join-token"),
    SPIRE_AGENT_STARTED("systemctl is-active --quiet meshx-spire-agent.service"),
    PROXY_STARTED("systemctl is-active --quiet meshx-proxy-api.service"),
    RULES_IN("nft list ruleset | grep -q meshx/api/redirect-outbound");

    private final String reached;

    Moment(String reached) {
      this.reached = reached;
    }
  }

  @BeforeAll
  void join() {
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    mesh.set(vm1(), MeshHost.Mode.AGENT, web);
    mesh.set(vm2(), MeshHost.Mode.DEMO, api);
    webService = mesh.service("10.96.20.1", vm1(), web);
    apiService = mesh.service("10.96.20.2", vm2(), api);
    Mesh.onAll(hosts, MeshHost::join);
    assertMeshed();
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost vm1() {
    return hosts.getFirst();
  }

  private MeshHost vm2() {
    return hosts.getLast();
  }

  private void assertMeshed() {
    assertAnswer(vm1().awaitRequest(web, apiService), api, web);
    assertAnswer(vm2().awaitRequest(api, webService), web, api);
  }

  private static void assertAnswer(Answer answer, Workload from, Workload to) {
    assertEquals(from.name(), answer.workload());
    assertEquals(to.spiffeId(), answer.clientId());
  }

  @Test
  void afterARebootBothHostsHaveJoinedAgain() {
    vm1().host().delete("/etc/meshx-agent/join-token");
    comesBack(Host::reboot);
  }

  @Test
  void afterAPowerCutBothHostsHaveJoinedAgain() {
    comesBack(host -> {
      host.kill();
      host.boot();
    });
  }

  private void comesBack(Consumer<Host> end) {
    Mesh.onAll(
        hosts,
        host -> {
          host.awaitJoined();
          end.accept(host.host());
          host.awaitJoined();
        });
    assertMeshed();
  }

  @ParameterizedTest
  @EnumSource
  void afterAPowerCutInTheMiddleOfItsFirstJoinItJoinsAtTheNextBoot(Moment moment) {
    Host host = vm2().host();
    vm2().meshx("down").ok();
    host.delete("/var/lib/meshx-agent/spire"); // As a host that never joined.
    assertFalse(host.sh(moment.reached).succeeded(), "the moment is over before the join");
    host.exec("systemctl", "start", "--no-block", MeshHost.AGENT_UNIT).ok();
    Await.success("the moment", Duration.ofSeconds(60), () -> host.sh(moment.reached));
    host.kill();

    host.boot();

    vm2().awaitJoined();
    assertTrue(vm2().dataPlane().containsKey(api.unit()));
    assertMeshed();
  }
}
