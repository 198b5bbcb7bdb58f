// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What somebody on a host that has joined can do who is neither root nor in the group meshx: look
 * at what everybody may see, and nothing else. And what the agent does not believe.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SecurityIT {
  private static final String SOMEBODY = "mallory";
  private static final String TOKEN = "/etc/meshx-agent/join-token";
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Pattern EXPOSURE =
      Pattern.compile("Overall exposure level for \\S+: ([0-9.]+) ");

  /** What a unit of ours may be exposed, by the count of systemd-analyze(1), security. */
  private static final double MOST_EXPOSED = 3.0;

  /** Reads that must fail or show nothing. */
  private static final List<String> READS =
      List.of(
          "cat /run/meshx-agent/proxy/web.env",
          "ls /run/meshx-agent/proxy",
          "cat /etc/meshx-agent/kubernetes-token",
          "ls /var/lib/meshx-agent/spire/agent",
          "cat /var/lib/meshx-agent/spire/agent/*",
          "ls /run/credentials/meshx-spire-agent.service",
          "ls /sys/fs/bpf/meshx",
          "cat /proc/$(systemctl show -p MainPID --value meshx-agent)/environ",
          "cat /proc/$(systemctl show -p MainPID --value meshx-proxy-web)/environ",
          "head -c1 /proc/$(systemctl show -p MainPID --value meshx-proxy-web)/mem",
          "head -c1 /proc/$(systemctl show -p MainPID --value meshx-spire-agent)/mem",
          "ls /proc/$(systemctl show -p MainPID --value meshx-spire-agent)/fd/",
          "meshx status",
          "curl -s --unix-socket /run/meshx-agent/control.sock http://x/",
          "/opt/spire/bin/spire-agent api fetch x509 -socketPath /run/meshx-agent/spire/public/api.sock",
          "ls /run/meshx-agent/spire/admin",
          "curl -s --unix-socket /run/meshx-agent/spire/admin/admin.sock http://x/",
          "journalctl -q -u meshx-agent -n1 | grep .");

  /** Changes that must fail. */
  private static final List<String> CHANGES =
      List.of(
          "systemctl --no-ask-password stop meshx-proxy-web",
          "systemctl --no-ask-password restart meshx-agent",
          "systemctl --no-ask-password kill meshx-spire-agent",
          "systemctl --no-ask-password set-property --runtime meshx-proxy-web MemoryMax=1M",
          "systemd-run --no-ask-password --unit=meshx-proxy-evil true",
          "busctl call org.freedesktop.resolve1 /org/freedesktop/resolve1"
              + " org.freedesktop.resolve1.Manager RevertLink i 2",
          "meshx down",
          "meshx drain",
          "meshx undrain",
          "meshx leave",
          "meshx confirm",
          "meshx join --server 192.0.2.1:1 --trust-domain x.example",
          "meshx wait web",
          "kill -9 $(systemctl show -p MainPID --value meshx-agent)",
          "kill -9 $(systemctl show -p MainPID --value meshx-proxy-web)",
          "nft flush table inet meshx",
          "iptables -t nat -F",
          "ip route del 10.96.0.0/16",
          "touch /run/meshx-agent/x",
          "touch /run/meshx-agent/proxy/x",
          "touch /run/meshx-agent/spire/public/x",
          "ln -s /tmp /run/meshx-agent/link",
          "rm -f /run/meshx-agent/control.sock",
          "rm -f /run/meshx-agent/spire/public/api.sock",
          "touch /var/lib/meshx-agent/x",
          "touch /etc/meshx-agent/workloads/evil.toml",
          "touch /etc/meshx-agent/conf.d/evil.toml",
          "echo >> /etc/meshx-agent/agent.toml",
          "rm -f /usr/lib/meshx-agent/classes.aot",
          "touch /usr/lib/meshx-agent/lib/x.jar",
          "touch /sys/fs/bpf/x");

  private final Mesh mesh = Mesh.open();
  private List<MeshHost> hosts = List.of();

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    for (MeshHost host : hosts) {
      mesh.set(host, MeshHost.Mode.AGENT, Workload.first("web"));
      host.host().exec("useradd", "--no-create-home", SOMEBODY).ok();
      host.host().write("/etc/meshx-agent/kubernetes-token", "a secret", "root:root", "0600");
    }
    Mesh.onAll(hosts, MeshHost::join);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private static Result somebody(MeshHost host, String script) {
    return host.host().exec("runuser", "-u", SOMEBODY, "--", "bash", "-c", script);
  }

  @Test
  void somebodyReadsNothingSecret() {
    Mesh.onAll(
        hosts,
        host -> {
          for (String attempt : READS) {
            Result result = somebody(host, attempt);
            assertNotEquals(0, result.exit(), () -> attempt + ": " + result);
            assertEquals("", result.stdout(), () -> attempt + ": " + result);
          }
        });
  }

  @Test
  void somebodyChangesNothing() {
    Mesh.onAll(
        hosts,
        host -> {
          SortedMap<String, Run> before = host.dataPlane();
          String rules = host.rules();
          String agent =
              host.host().exec("systemctl", "show", "-p", "MainPID", "meshx-agent").out();
          for (String attempt : CHANGES) {
            Result result = somebody(host, attempt);
            assertNotEquals(0, result.exit(), () -> attempt + ": " + result);
          }
          assertEquals(before, host.dataPlane());
          assertEquals(rules, host.rules());
          assertEquals(
              agent, host.host().exec("systemctl", "show", "-p", "MainPID", "meshx-agent").out());
          host.awaitJoined();
        });
  }

  @Test
  void membersOfTheGroupMayAskAndChangeNothing() {
    Mesh.onAll(
        hosts,
        host -> {
          host.host().exec("useradd", "--no-create-home", "-G", "meshx", "watcher").ok();
          for (String asked : List.of("meshx status", "meshx status --json", "meshx plan")) {
            assertEquals(
                0,
                host.host().exec("runuser", "-u", "watcher", "--", "bash", "-c", asked).exit(),
                asked);
          }
          for (String refused :
              List.of("meshx drain", "meshx confirm", "meshx down", "meshx leave")) {
            Result result =
                host.host().exec("runuser", "-u", "watcher", "--", "bash", "-c", refused);
            assertEquals(77, result.exit(), result::toString);
          }
        });
  }

  @Test
  void nothingOfOursMayBeWrittenByEverybodyAndSecretsAreForOneOnly() {
    Mesh.onAll(
        hosts,
        host -> {
          String directories =
              "/run/meshx-agent /var/lib/meshx-agent /usr/lib/meshx-agent /etc/meshx-agent";
          assertEquals(
              "",
              host.host()
                  .sh("find " + directories + " -perm /022 ! -type l ! -type s ! -gid 0")
                  .ok()
                  .stdout());
          assertEquals(
              "",
              host.host()
                  .sh("find " + directories + " -perm /002 ! -type l ! -type s")
                  .ok()
                  .stdout());
          assertEquals(
              "600 root:root",
              host.host().exec("stat", "-c", "%a %U:%G", "/run/meshx-agent/proxy/web.env").out());
          assertEquals(
              "660 root:meshx",
              host.host().exec("stat", "-c", "%a %U:%G", "/run/meshx-agent/control.sock").out());
          assertEquals(
              "700 meshx-spire:meshx-spire",
              host.host().exec("stat", "-c", "%a %U:%G", "/var/lib/meshx-agent/spire/agent").out());
        });
  }

  /** Also after systemd has read its own transient files again, which takes some settings away. */
  @Test
  void everyUnitOfOursIsInItsSandbox() {
    Mesh.onAll(
        hosts,
        host -> {
          host.host().exec("systemctl", "daemon-reload").ok();
          for (String unit :
              List.of(
                  "meshx-agent.service",
                  "meshx-drain.service",
                  "meshx-reaper.service",
                  "meshx-ready@web.service",
                  "meshx-spire-agent.service",
                  "meshx-proxy-web.service",
                  "meshx-dns.service")) {
            String shown =
                host.host().exec("systemd-analyze", "security", "--no-pager", unit).ok().stdout();
            Matcher exposure = EXPOSURE.matcher(shown);
            assertTrue(exposure.find(), shown);
            assertTrue(Double.parseDouble(exposure.group(1)) <= MOST_EXPOSED, shown);
          }
        });
  }

  private static void refused(MeshHost host, String problem) {
    Result result = host.meshx("config", "validate");
    assertEquals(78, result.exit(), result::toString);
    assertTrue(result.stderr().contains(problem), result::toString);
    // The agent says so, and goes on with what it had.
    Await.until("the status to tell", SOON, () -> host.meshx("status").stdout().contains(problem));
  }

  @Test
  void aConfigurationThatOthersMayChangeIsNotBelieved() {
    Mesh.onAll(
        hosts,
        host -> {
          SortedMap<String, Run> before = host.dataPlane();
          String web = Workload.first("web").path();
          host.host().exec("chmod", "0666", MeshHost.CONFIG).ok();
          refused(host, "agent.toml: may be changed by everybody (mode 0666)");
          host.host().exec("chmod", "0644", MeshHost.CONFIG).ok();

          host.host().exec("chown", SOMEBODY, web).ok();
          refused(host, "web.toml: may be changed by its owner, user ");
          host.host().exec("chown", "root", web).ok();

          host.host().exec("chmod", "0777", "/etc/meshx-agent/workloads").ok();
          refused(host, "'/etc/meshx-agent/workloads', which may be changed by everybody");
          host.host().exec("chmod", "0755", "/etc/meshx-agent/workloads").ok();

          assertEquals(0, host.meshx("config", "validate").exit());
          host.awaitJoined();
          assertEquals(before, host.dataPlane());
        });
  }

  @Test
  void aTokenThatEverybodyMayReadIsRefused() {
    Mesh.onAll(
        hosts,
        host -> {
          host.host().write(TOKEN, "another one\n", "root:root", "0644");
          refused(host, "'" + TOKEN + "' holds a secret and may be read by everybody (mode 0644)");
          host.host().delete(TOKEN);
          assertEquals(0, host.meshx("config", "validate").exit());
          host.awaitJoined();
        });
  }

  @Test
  void aProxyThatOthersMayReplaceIsNotStarted() {
    Mesh.onAll(
        hosts,
        host -> {
          SortedMap<String, Run> before = host.dataPlane();
          host.host()
              .sh("mkdir -m 0777 /opt/open && cp /usr/lib/linkerd/linkerd2-proxy /opt/open/proxy")
              .ok();
          host.host()
              .write(
                  "/etc/meshx-agent/conf.d/open.toml", "[components]\nproxy = '/opt/open/proxy'\n");
          String problem =
              "a program that only root can change: '/opt/open/proxy' is in '/opt/open', which may be"
                  + " changed by everybody (mode 0777)";
          Await.until(
              "the status to tell", SOON, () -> host.meshx("status").stdout().contains(problem));
          assertEquals(before, host.dataPlane());

          host.host().delete("/etc/meshx-agent/conf.d/open.toml");
          host.host().delete("/opt/open");
          host.awaitJoined();
          assertEquals(before, host.dataPlane());
        });
  }

  @Test
  void aLinkInOurDirectoriesIsNotFollowed() {
    Mesh.onAll(
        hosts,
        host -> {
          SortedMap<String, Run> before = host.dataPlane();
          host.host()
              .sh(
                  "mv /run/meshx-agent/proxy /run/proxy.kept; mkdir -m 0777 /tmp/evil;"
                      + " ln -s /tmp/evil /run/meshx-agent/proxy;"
                      + " systemctl restart meshx-agent")
              .ok();
          String problem =
              "looking at '/run/meshx-agent/proxy' failed: it is a symbolic link; remove it";
          Await.until(
              "the status to tell", SOON, () -> host.meshx("status").stdout().contains(problem));
          assertEquals("", host.host().exec("ls", "/tmp/evil").ok().stdout());

          host.host()
              .sh(
                  "rm /run/meshx-agent/proxy; mv /run/proxy.kept /run/meshx-agent/proxy; rm -r /tmp/evil")
              .ok();
          host.awaitJoined();
          assertEquals(before, host.dataPlane());
        });
  }

  @Test
  void ofTmpTheAgentSeesOnlyWhereASpireAgentHasItsSocket() {
    Mesh.onAll(
        hosts,
        host -> {
          host.host()
              .sh(
                  "mkdir -p /tmp/spire-agent/public /tmp/other; touch /tmp/spire-agent/public/api.sock;"
                      + " systemctl restart meshx-agent")
              .ok();
          assertEquals(
              "/tmp/spire-agent\n/tmp/spire-agent/public\n/tmp/spire-agent/public/api.sock\n",
              host.host()
                  .sh(
                      "nsenter --mount=/proc/$(systemctl show -p MainPID --value"
                          + " meshx-agent)/ns/mnt find /tmp -mindepth 1")
                  .ok()
                  .stdout());
          host.host().sh("rm -r /tmp/spire-agent /tmp/other; systemctl restart meshx-agent").ok();
          host.awaitJoined();
        });
  }
}
