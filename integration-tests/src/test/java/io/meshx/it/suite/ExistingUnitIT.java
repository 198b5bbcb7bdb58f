// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Answer;
import io.meshx.it.mesh.Load;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Toml;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
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
 * nginx as Debian packages it, master and workers of different users, becomes a workload and is
 * left as it was.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ExistingUnitIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String UNIT = "nginx.service";
  private static final String SLICE = "meshx-workload-front.slice";
  private static final int OUTSIDER = 9000;
  private static final int BEHIND = 9001;

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload front = Workload.first("front");
  private List<MeshHost> hosts = List.of();
  private String frontUrl = "";

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    hosts =
        mesh.hosts(
            MeshHost.spec("vm1", Debian.BOOKWORM),
            MeshHost.spec("vm2", Debian.TRIXIE).withPackages("nginx"));
    mesh.set(vm("vm1"), MeshHost.Mode.AGENT, web);
    mesh.set(vm("vm2"), MeshHost.Mode.AGENT, front);
    vm("vm2").drop(front);
    String webUrl = mesh.service("10.96.30.1", vm("vm1"), web);
    frontUrl = mesh.service("10.96.30.2", vm("vm2"), front);
    // What its administrator configures; the names of the cluster are there before the mesh is.
    vm("vm2")
        .host()
        .write(
            "/etc/nginx/conf.d/front.conf",
            """
            server {
              listen 8000;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              location / {
                default_type application/json;
                return 200 '{"workload":"nginx","namespace":"","node":"","client_id":"$http_l5d_client_id"}';
              }
              location /up { proxy_pass http://10.96.30.1:8000/; proxy_set_header Host %s; }
              location /out { proxy_pass http://%s:%d/; proxy_connect_timeout 2s; }
            }
            """
                .formatted(webUrl.replaceAll("http://|/$", ""), vm("vm1").host().ipv4(), OUTSIDER));
    vm("vm2").host().exec("systemctl", "restart", UNIT).ok();
    vm("vm1")
        .host()
        .sh(
            "systemd-run --quiet --unit=outsider --setenv=WORKLOAD_NAME=outsider /workload/start"
                + " -listen :"
                + OUTSIDER)
        .ok();
    Mesh.onAll(hosts, MeshHost::join);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private MeshHost vm(String name) {
    return hosts.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  private void meshed(String takeOver) {
    Toml file =
        front
            .toml()
            .without("process.user")
            .withText("process.unit", UNIT)
            .withText("process.take_over", takeOver);
    vm("vm2").host().write(front.path(), file.text());
  }

  private String shown(String property) {
    return vm("vm2")
        .host()
        .exec("systemctl", "show", "--property=" + property, "--value", UNIT)
        .ok()
        .out();
  }

  private boolean inSlice() {
    return shown("ControlGroup").contains("/" + SLICE + "/");
  }

  private Answer ask() {
    return vm("vm1").awaitRequest(web, frontUrl);
  }

  private Result local(String path) {
    return vm("vm2").host().exec("curl", "-fsS", "--max-time", "8", "http://127.0.0.1:8000" + path);
  }

  @Test
  @Order(1)
  void withoutLeaveToRestartItWaitsForTheAdministrator() {
    String before = shown("MainPID");
    meshed("wait");
    Await.until(
        "the status to say what is to be done",
        SOON,
        () ->
            vm("vm2")
                .status()
                .step("front", "workload")
                .filter(step -> step.detail().contains("run 'systemctl restart nginx.service'"))
                .isPresent());
    assertEquals(before, shown("MainPID"));
    assertFalse(inSlice());
    assertTrue(local("/out").succeeded(), "it works as before");

    vm("vm2").host().exec("systemctl", "restart", UNIT).ok();
    vm("vm2").awaitJoined();
    assertTrue(inSlice());
    assertEquals(web.spiffeId(), ask().clientId());
  }

  @Test
  @Order(2)
  void bothDirectionsGoThroughItsProxyAndNothingElseGetsOut() {
    assertEquals(web.spiffeId(), ask().clientId());
    Await.until(
        "the way up",
        SOON,
        () -> local("/up").stdout().contains("\"client_id\":\"" + front.spiffeId() + "\""));
    assertTrue(local("/out").succeeded(), "through its proxy to an address outside the mesh");

    vm("vm2").host().exec("systemctl", "stop", MeshHost.AGENT_UNIT).ok();
    vm("vm2").host().exec("nft", "flush", "ruleset").ok();
    assertFalse(local("/out").succeeded(), "out without rules");
    Result in =
        vm("vm1")
            .host()
            .exec(
                "curl", "-fsS", "--max-time", "3", "http://" + vm("vm2").host().ipv4() + ":8000/");
    assertFalse(in.succeeded(), in::toString);
    vm("vm2").start();
    vm("vm2").awaitJoined();
    assertTrue(local("/out").succeeded(), "again");
  }

  @Test
  @Order(3)
  void itStaysAWorkloadThroughRestarts() {
    for (String change :
        List.of(
            "systemctl restart nginx",
            "systemctl daemon-reload",
            "systemctl reload nginx",
            "systemctl kill --signal=KILL nginx; systemctl start nginx")) {
      vm("vm2").host().sh(change).ok();
      Await.until(change, SOON, this::inSlice);
      assertEquals(web.spiffeId(), ask().clientId());
    }
  }

  /** The packages as they are installed, with their own scripts, under a higher version. */
  private void upgrade() {
    vm("vm2")
        .host()
        .sh(
            """
            set -e
            for package in nginx nginx-common; do
              tree=/opt/lab/$package; info=/var/lib/dpkg/info/$package
              version=$(dpkg-query -W -f '${Version}' $package)
              rm -rf $tree; mkdir -p $tree/DEBIAN
              dpkg -L $package | while read -r file; do
                if [ -d "$file" ] && [ ! -L "$file" ]; then continue; fi
                mkdir -p "$tree$(dirname "$file")"; cp -a "$file" "$tree$file"
              done
              dpkg -s $package | awk '/^Conffiles:/ { skip = 1; next } /^[^ ]/ { skip = 0 } !skip' \
                | grep -v '^Status:' \
                | sed "s/^Version: .*/Version: $version+lab1/; s/(= $version)/(= $version+lab1)/" \
                >$tree/DEBIAN/control
              for script in preinst postinst prerm postrm conffiles; do
                if [ -e $info.$script ]; then cp -a $info.$script $tree/DEBIAN/; fi
              done
              dpkg-deb -b $tree $tree.deb >/dev/null
            done
            DEBIAN_FRONTEND=noninteractive dpkg -i /opt/lab/nginx-common.deb /opt/lab/nginx.deb
            """)
        .ok();
  }

  @Test
  @Order(4)
  void itStaysAWorkloadWhileItsPackagesAreUpgradedUnderLoad() {
    Load load = vm("vm1").load(web, frontUrl, 50);
    upgrade();
    Load.Summary summary = load.end();

    String version =
        vm("vm2").host().exec("dpkg-query", "-W", "-f", "${Version}", "nginx").ok().out();
    assertTrue(version.endsWith("+lab1"), version);
    vm("vm2").awaitJoined();
    assertTrue(inSlice());
    assertEquals(web.spiffeId(), ask().clientId());
    assertEquals(0, summary.failed(), summary::toString);
    assertEquals(
        "",
        vm("vm2")
            .host()
            .sh("dpkg --verify nginx nginx-common | grep -v '/usr/share' || true")
            .ok()
            .out());
  }

  @Test
  @Order(5)
  void atBootItStartsWhenItsTrafficIsRedirectedAndNotBefore() {
    for (int boot = 0; boot < 5; boot++) {
      vm("vm2").host().reboot();
      vm("vm2").awaitJoined();
      Await.until("nginx to run", SOON, () -> shown("ActiveState").equals("active"));
      assertTrue(inSlice());
      String order =
          vm("vm2")
              .host()
              .sh(
                  "systemctl show -p ActiveEnterTimestampMonotonic --value meshx-ready@front;"
                      + " systemctl show -p InactiveExitTimestampMonotonic --value nginx")
              .ok()
              .out();
      String[] times = order.split("\\s+", -1);
      assertTrue(Long.parseLong(times[0]) <= Long.parseLong(times[1]), order);
      assertEquals(web.spiffeId(), ask().clientId());
    }
  }

  @Test
  @Order(6)
  void itJoinsAndLeavesUnderLoadAndIsLeftAsItsPackageMadeIt() {
    vm("vm2").drop(front);
    Await.until("it to be left alone", SOON, () -> shown("DropInPaths").isEmpty());
    Await.until(
        "the status to say what is to be done",
        SOON,
        () ->
            vm("vm2")
                .status()
                .step("front", "leave slice")
                .filter(step -> step.detail().contains("run 'systemctl restart nginx.service'"))
                .isPresent());
    assertEquals(web.spiffeId(), ask().clientId(), "it is in the mesh until then");
    assertTrue(local("/out").succeeded());
    vm("vm2").host().exec("systemctl", "restart", UNIT).ok();
    assertEquals("/system.slice/nginx.service", shown("ControlGroup"));
    vm("vm2").awaitJoined();
    Await.until("the rules to be gone", SOON, () -> vm("vm2").ourRules().isEmpty());
    assertTrue(local("/out").succeeded());

    meshed("restart");
    vm("vm2").awaitJoined();
    Await.until("it to be in the mesh", SOON, this::inSlice);
    ask();
    Load load = vm("vm1").load(web, frontUrl, 50);
    String before = shown("MainPID");
    vm("vm2").host().exec("systemctl", "restart", MeshHost.AGENT_UNIT).ok();
    vm("vm2").awaitJoined();
    Load.Summary summary = load.end();
    assertEquals(0, summary.failed(), summary::toString);
    assertEquals(before, shown("MainPID"));
    assertEquals(
        "0",
        vm("vm2")
            .host()
            .sh(
                "journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value"
                    + " meshx-agent) | grep -c 'set redirect rules' || true")
            .ok()
            .out(),
        "an agent that starts again finds everything as it should be");

    vm("vm2").drop(front);
    Await.until(
        "it to be outside",
        SOON,
        () -> shown("ControlGroup").equals("/system.slice/nginx.service"));
    vm("vm2").awaitJoined();
    assertEquals("", shown("DropInPaths"));
    assertFalse(vm("vm2").host().exec("systemctl", "is-active", SLICE).succeeded());
    assertTrue(vm("vm2").ourRules().isEmpty(), vm("vm2")::ourRules);
    assertEquals(
        "",
        vm("vm2")
            .host()
            .sh("journalctl -u meshx-agent | grep 'an error in this program' || true")
            .ok()
            .out());
  }

  @Test
  @Order(7)
  void whatCannotBeAWorkloadIsRefusedWithTheReason() {
    vm("vm2").host().exec("systemctl", "mask", "--now", UNIT).ok();
    meshed("restart");
    Await.until(
        "the status to say why",
        SOON,
        () ->
            vm("vm2")
                .status()
                .step("front", "prepared")
                .filter(step -> step.detail().contains("which is masked"))
                .isPresent());
    vm("vm2").host().exec("systemctl", "unmask", UNIT).ok();
    vm("vm2").awaitJoined();
    vm("vm2").host().exec("systemctl", "start", UNIT).ok();
    Await.until("it to be in the mesh", SOON, this::inSlice);
    vm("vm2").host().exec("meshx", "down").ok();
    assertEquals("/system.slice/nginx.service", shown("ControlGroup"));
    assertTrue(local("/out").succeeded(), "it works as before");
  }

  private void aRenewalReloads(MeshHost host, Workload dynamic) {
    String entry =
        mesh.spireServer()
            .createEntry(
                host.alias(),
                dynamic.spiffeId(),
                Duration.ofSeconds(10),
                "unix:uid:" + host.host().exec("id", "-u", front.user()).ok().out(),
                "systemd:id:dynamic.service");
    String before = host.host().read(dynamic.path());
    host.host()
        .write(
            dynamic.path(),
            before
                + "\n[svid]\ndirectory = \"/run/dynamic-svid\"\nowner = \"%s\"\non_renewal = \"reload\"\n"
                    .formatted(front.user()));
    Await.until("a reload", SOON, () -> host.host().exists("/run/reloaded"));
    host.host().write(dynamic.path(), before);
    Await.until("the files to be gone", SOON, () -> !host.host().exists("/run/dynamic-svid"));
    host.awaitJoined();
    mesh.spireServer().deleteEntry(entry);
  }

  /**
   * One whose user exists only while it runs, and one that systemd starts at the first connection.
   */
  @Test
  @Order(8)
  void aDynamicUserAndASocketActivatedServiceAreWorkloadsToo() {
    MeshHost host = vm("vm2");
    Workload dynamic = Workload.numbered("dynamic", 1);
    Workload socket = Workload.numbered("socket", 2);
    host.host()
        .write(
            "/etc/systemd/system/dynamic.service",
            """
            [Service]
            DynamicUser=yes
            ExecStart=/workload/start -listen :%d
            ExecReload=+/usr/bin/touch /run/reloaded
            """
                .formatted(dynamic.port()));
    host.host()
        .write(
            "/etc/systemd/system/proxied.socket",
            """
            [Socket]
            ListenStream=%d
            """
                .formatted(socket.port()));
    host.host()
        .write(
            "/etc/systemd/system/proxied.service",
            """
            [Service]
            ExecStart=/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:%d
            """
                .formatted(BEHIND));
    host.host()
        .sh(
            "systemctl daemon-reload; systemctl start dynamic.service proxied.socket; systemd-run"
                + " --quiet --unit=behind --setenv=WORKLOAD_NAME=behind /workload/start -listen 127.0.0.1:"
                + BEHIND)
        .ok();
    String dynamicUrl = mesh.service("10.96.30.3", host, dynamic);
    String socketUrl = mesh.service("10.96.30.4", host, socket);
    host.registerWorkload(mesh.spireServer(), dynamic);
    host.registerWorkload(mesh.spireServer(), socket);
    host.drop(front);
    host.start();
    for (Workload each : List.of(dynamic, socket)) {
      String unit = each.equals(dynamic) ? "dynamic.service" : "proxied.service";
      host.host()
          .write(
              each.path(),
              each.toml()
                  .without("process.user")
                  .without("process.exec")
                  .withText("process.unit", unit)
                  .withText("process.take_over", "restart")
                  .text());
    }
    host.awaitJoined();
    aRenewalReloads(host, dynamic);

    assertEquals(web.spiffeId(), vm("vm1").awaitRequest(web, dynamicUrl).clientId());
    Answer first = vm("vm1").awaitRequest(web, socketUrl);
    assertEquals("behind", first.workload());
    assertEquals(web.spiffeId(), first.clientId());
    assertEquals(
        "active", host.host().exec("systemctl", "is-active", "proxied.service").ok().out());
    assertTrue(
        host.host()
            .exec("systemctl", "show", "--property=ControlGroup", "--value", "proxied.service")
            .ok()
            .out()
            .contains("/meshx-workload-socket.slice/"));

    host.host().exec("systemctl", "stop", "proxied.service").ok();
    host.awaitJoined();
    assertEquals(web.spiffeId(), vm("vm1").awaitRequest(web, socketUrl).clientId());

    host.host().exec("meshx", "down").ok();
    assertTrue(
        host.host()
            .exec("curl", "-fsS", "--max-time", "8", "http://127.0.0.1:" + socket.port())
            .succeeded());
    assertTrue(
        host.host()
            .exec("curl", "-fsS", "--max-time", "8", "http://127.0.0.1:" + dynamic.port())
            .succeeded());
  }
}
