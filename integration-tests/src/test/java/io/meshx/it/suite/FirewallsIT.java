// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hosts whose administrator runs firewalld or ufw: peers get in, and nothing of theirs is lost. */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class FirewallsIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String PROXY_PORT = "4143";
  private static final String SSH = "22";

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();
  private String before = "";
  private String apiUrl = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    hosts =
        mesh.hosts(
            MeshHost.spec("vm1", Debian.BOOKWORM).withPackages("firewalld", "openssh-server"),
            MeshHost.spec("vm2", Debian.TRIXIE).withPackages("ufw"));
    refuseRedirectedV6("no");
    vm("vm1").host().exec("systemctl", "restart", "firewalld").ok();
    before = runtime();
    mesh.set(vm("vm1"), MeshHost.Mode.AGENT, web);
    mesh.set(vm("vm2"), MeshHost.Mode.AGENT, api);
    // So that the nat tables, which a reload empties, are tried too.
    vm("vm1")
        .configure(vm("vm1").toml(MeshHost.Mode.AGENT).withText("firewall.backend", "iptables"));
    apiUrl = mesh.service("10.96.21.1", vm("vm2"), api);
    Mesh.onAll(hosts, MeshHost::join);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost vm(String name) {
    return hosts.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  private String runtime() {
    return vm("vm1").host().exec("firewall-cmd", "--list-all-zones").ok().stdout();
  }

  private static boolean reaches(MeshHost from, MeshHost to) {
    return reaches(from, to, PROXY_PORT);
  }

  private static boolean reaches(MeshHost from, MeshHost to, String port) {
    return from.host().exec("nc", "-z", "-w", "2", to.host().ipv4().toString(), port).succeeded();
  }

  private void refuseRedirectedV6(String word) {
    vm("vm1")
        .host()
        .sh("sed -i s/^RFC3964_IPv4=.*/RFC3964_IPv4=" + word + "/ /etc/firewalld/firewalld.conf")
        .ok();
  }

  @Test
  void aFirewalldThatRefusesRedirectedConnectionsIsNamed() {
    MeshHost vm = vm("vm1");
    refuseRedirectedV6("yes");
    vm.host().sh("firewall-cmd --complete-reload").ok();
    Await.until(
        "the remedy to be told",
        SOON,
        () ->
            vm.status()
                .step("host", "redirected IPv6")
                .filter(step -> step.detail().contains("set RFC3964_IPv4=no"))
                .isPresent());
    refuseRedirectedV6("no");
    vm.host().sh("firewall-cmd --complete-reload").ok();
    vm.awaitJoined();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "firewall-cmd --reload",
        "firewall-cmd --complete-reload",
        "systemctl restart firewalld"
      })
  void firewalldLetsPeersInAlsoAfterItWasLoadedAgain(String disturbance) {
    MeshHost vm = vm("vm1");
    assertTrue(reaches(vm("vm2"), vm), "peers reach the proxy");
    String rules = vm.ourRules();
    for (int round = 0; round < 5; round++) {
      vm.host().sh(disturbance).ok();
      Await.until("peers to get in", SOON, () -> reaches(vm("vm2"), vm));
      Await.until("the rules to be back", SOON, () -> vm.ourRules().equals(rules));
      assertTrue(reaches(vm("vm2"), vm, SSH), "SSH is reached");
      vm.awaitJoined();
    }
    vm.awaitRequest(web, apiUrl);
  }

  @Test
  void firewalldIsLeftAloneIfTheConfigurationSaysSo() {
    MeshHost vm = vm("vm1");
    var with = vm.toml(MeshHost.Mode.AGENT).withText("firewall.backend", "iptables");
    vm.configure(with.withText("firewall.open", "nothing"));
    Await.until("firewalld to be as it was", SOON, () -> runtime().equals(before));
    assertFalse(reaches(vm("vm2"), vm), "peers reach the proxy");
    vm.configure(with);
    Await.until("peers to get in", SOON, () -> reaches(vm("vm2"), vm));
    vm.host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
    assertTrue(reaches(vm("vm2"), vm), "also without the agent");
    vm.host().exec("meshx", "down").ok();
    assertEquals(before, runtime());
    vm.start();
    vm.awaitJoined();
  }

  @Test
  void theStatusSaysWhatUfwHasToLetIn() {
    MeshHost vm = vm("vm2");
    vm.host().sh("ufw --force enable").ok();
    try {
      Await.until(
          "the status to say so",
          SOON,
          () ->
              vm.status()
                  .step("host", "peers let in")
                  .filter(step -> step.detail().contains("run 'ufw allow 4143/tcp'"))
                  .isPresent());
      assertFalse(reaches(vm("vm1"), vm), "peers reach the proxy");
      vm.host().sh("ufw allow 4143/tcp").ok();
      Await.until("peers to get in", SOON, () -> reaches(vm("vm1"), vm));
      vm.awaitJoined();
      String rules = vm.ourRules();
      for (int round = 0; round < 3; round++) {
        vm.host().sh("ufw reload").ok();
        Await.until("the rules to be there", SOON, () -> vm.ourRules().equals(rules));
      }
    } finally {
      vm.host().sh("ufw --force reset").ok();
    }
    Await.until(
        "the status to be quiet", SOON, () -> vm.status().step("host", "peers let in").isEmpty());
    vm.awaitJoined();
  }

  @Test
  void theStatusSaysWhichChainOfNftablesKeepsPeersOutAndTheCommandThatHelps() {
    MeshHost vm = vm("vm2");
    vm.host()
        .sh(
            """
            nft -f - <<'E'
            table inet guard {
              chain input {
                type filter hook input priority 0; policy drop;
                iifname lo accept
                ct state established,related accept
                tcp dport 22 accept
                meta l4proto { icmp, ipv6-icmp } accept
              }
            }
            E
            """)
        .ok();
    try {
      assertFalse(reaches(vm("vm1"), vm), "peers reach the proxy");
      String remedy = "nft insert rule inet guard input tcp dport 4143 accept";
      Await.until(
          "the status to say so",
          SOON,
          () ->
              vm.status()
                  .step("host", "peers let in")
                  .filter(step -> step.detail().contains("run '" + remedy + "'"))
                  .isPresent());
      vm.host().sh(remedy).ok();
      vm.awaitJoined();
      assertTrue(reaches(vm("vm1"), vm), "peers reach the proxy");
    } finally {
      vm.host().exec("nft", "delete", "table", "inet", "guard").ok();
    }
    vm.awaitJoined();
  }

  @Test
  void aWorkloadThatAsksForThePortOfTheSshServerIsHeldBackAndSshStaysReachable() {
    MeshHost vm = vm("vm1");
    assertTrue(reaches(vm("vm2"), vm, SSH), "SSH is reached at first");
    vm.host()
        .write(
            web.path(),
            web.toml()
                .with("port", "[{ name = \"http\", port = 8000 }, { name = \"ssh\", port = 22 }]")
                .text());
    Await.until(
        "the status to say why",
        SOON,
        () ->
            vm.status()
                .step(web.name(), "prepared")
                .filter(step -> step.detail().contains("another [[port]] than 22"))
                .isPresent());
    assertFalse(vm.ourRules().contains("--dport 22 "), vm::ourRules);
    assertTrue(reaches(vm("vm2"), vm, SSH), "SSH is still reached");
    vm.host().write(web.path(), web.toml().text());
    vm.awaitJoined();
  }
}
