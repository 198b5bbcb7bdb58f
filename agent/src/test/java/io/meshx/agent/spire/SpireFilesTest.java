// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpireFilesTest {
  private static final TrustDomain DOMAIN = new TrustDomain("root.linkerd.cluster.local");
  private static final SpirePaths PATHS =
      SpirePaths.under(Path.of("/run/meshx-agent"), Path.of("/var/lib/meshx-agent"));
  private static final Registrations HOST = new Registrations(DOMAIN, new WorkloadName("vm-1"));
  private static final NodeAttestor TOKEN =
      new NodeAttestor.JoinToken(Path.of("/etc/meshx-agent/join-token"));
  private static final AgentConfiguration AGENT =
      new AgentConfiguration(
          DOMAIN,
          HostPort.parse("spire.example.org:8081"),
          SpireVersion.OLDEST,
          TOKEN,
          HOST.agentId(),
          true,
          Optional.empty());

  @Test
  void writesTheSpireAgentsConfiguration() {
    assertEquals(
        """
        {
          "agent": {
            "trust_domain": "root.linkerd.cluster.local",
            "server_address": "spire.example.org",
            "server_port": 8081,
            "trust_bundle_path": "/run/credentials/meshx-spire-agent.service/trust-bundle.pem",
            "join_token_file": "/run/credentials/meshx-spire-agent.service/join-token",
            "data_dir": "/var/lib/meshx-agent/spire/agent",
            "socket_path": "/run/meshx-agent/spire/public/api.sock",
            "admin_socket_path": "/run/meshx-agent/spire/admin/admin.sock",
            "authorized_delegates": [
              "spiffe://root.linkerd.cluster.local/meshx-agent/vm-1"
            ],
            "log_format": "json",
            "log_level": "INFO"
          },
          "plugins": {
            "NodeAttestor": [
              {
                "join_token": {
                  "plugin_data": {}
                }
              }
            ],
            "KeyManager": [
              {
                "disk": {
                  "plugin_data": {
                    "directory": "/var/lib/meshx-agent/spire/agent"
                  }
                }
              }
            ],
            "WorkloadAttestor": [
              {
                "unix": {
                  "plugin_data": {}
                }
              },
              {
                "systemd": {
                  "plugin_data": {}
                }
              }
            ]
          }
        }
        """,
        AGENT.text(PATHS));
  }

  @Test
  void dropsTheTokenOnceTheSpireAgentHasAnIdentity() {
    AgentConfiguration attested =
        new AgentConfiguration(
            AGENT.trustDomain(),
            AGENT.server(),
            AGENT.version(),
            AGENT.attestor(),
            AGENT.delegate(),
            false,
            Optional.empty());

    assertFalse(attested.text(PATHS).contains("token_file"));
  }

  @Test
  void versionsAreReadAsTheProgramsPrintThem() {
    assertEquals(Optional.of(new SpireVersion(1, 15, 3)), SpireVersion.parse("1.15.3-dev-unk\n"));
    assertEquals(Optional.empty(), SpireVersion.parse("dev"));
    assertTrue(new SpireVersion(1, 15, 0).since(new SpireVersion(1, 13, 9)));
    assertFalse(new SpireVersion(1, 13, 2).since(SpireVersion.OLDEST));
    assertTrue(SpireVersion.OLDEST.since(SpireVersion.OLDEST));
  }

  @Test
  void anAttestorGetsItsFilesAsCredentialsAndMayStartAgainFromTheBundle() {
    AgentConfiguration x509pop =
        new AgentConfiguration(
            AGENT.trustDomain(),
            AGENT.server(),
            new SpireVersion(1, 15, 3),
            new NodeAttestor.X509Pop(
                Path.of("/etc/host.crt"), Path.of("/etc/host.key"), Optional.empty()),
            AGENT.delegate(),
            false,
            Optional.empty());

    String text = x509pop.text(PATHS);

    assertTrue(
        text.contains(
            """
                  {
                    "x509pop": {
                      "plugin_data": {
                        "certificate_path": "/run/credentials/meshx-spire-agent.service/x509pop.crt",
                        "private_key_path": "/run/credentials/meshx-spire-agent.service/x509pop.key"
                      }
                    }
                  }
            """),
        text);
    assertTrue(text.contains("\"rebootstrap_mode\": \"auto\""), text);
    assertTrue(text.contains("\"disable_sds_api\": true"), text);
  }

  @Test
  void aPortBelow1024NeedsACapabilityAndATpmItsGroup() {
    assertTrue(
        unit(new NodeAttestor.HttpChallenge("vm-1", new Port(80), "default"))
            .properties()
            .containsKey("AmbientCapabilities"));
    assertFalse(
        unit(new NodeAttestor.HttpChallenge("vm-1", new Port(8080), "default"))
            .properties()
            .containsKey("AmbientCapabilities"));
    assertTrue(
        unit(new NodeAttestor.TpmDevId(
                Path.of("/etc/c"), Path.of("/etc/k"), Path.of("/etc/p"), Optional.empty()))
            .properties()
            .containsKey("SupplementaryGroups"));
  }

  private static UnitSpec unit(NodeAttestor attestor) {
    return SpireUnits.agent(
        PATHS,
        Path.of("/opt/spire/bin/spire-agent"),
        Path.of("/etc/meshx-agent/bundle.pem"),
        attestor,
        Optional.empty(),
        Optional.empty(),
        Digest.of("config"));
  }

  @Test
  void asksTheServerOfTheDemonstrationEverySecond() {
    AgentConfiguration quick =
        new AgentConfiguration(
            DOMAIN,
            HostPort.parse("127.0.0.1:8081"),
            SpireVersion.OLDEST,
            TOKEN,
            HOST.agentId(),
            true,
            Optional.of(Duration.ofSeconds(1)));

    assertEquals(
        AGENT
            .text(PATHS)
            .replace("spire.example.org", "127.0.0.1")
            .replace(
                "\"INFO\"\n",
                """
                "INFO",
                    "experimental": {
                      "sync_interval": "1000ms"
                    }
                """),
        quick.text(PATHS));
  }

  @Test
  void writesTheServersConfiguration() {
    assertEquals(
        """
        {
          "server": {
            "trust_domain": "root.linkerd.cluster.local",
            "bind_address": "127.0.0.1",
            "bind_port": "8081",
            "data_dir": "/var/lib/meshx-agent/spire/server",
            "socket_path": "/run/meshx-agent/spire/server/api.sock",
            "ca_ttl": "3628800s",
            "default_x509_svid_ttl": "60s",
            "agent_ttl": "604800s",
            "log_format": "json",
            "log_level": "INFO",
            "experimental": {
              "cache_reload_interval": "1s"
            }
          },
          "plugins": {
            "DataStore": [
              {
                "sql": {
                  "plugin_data": {
                    "connection_string": "/var/lib/meshx-agent/spire/server/datastore.sqlite3",
                    "database_type": "sqlite3"
                  }
                }
              }
            ],
            "KeyManager": [
              {
                "disk": {
                  "plugin_data": {
                    "keys_path": "/var/lib/meshx-agent/spire/server/keys.json"
                  }
                }
              }
            ],
            "NodeAttestor": [
              {
                "join_token": {
                  "plugin_data": {}
                }
              }
            ],
            "UpstreamAuthority": [
              {
                "disk": {
                  "plugin_data": {
                    "cert_file_path": "/run/credentials/meshx-spire-server.service/trust-anchor.crt",
                    "key_file_path": "/run/credentials/meshx-spire-server.service/trust-anchor.key"
                  }
                }
              }
            ]
          }
        }
        """,
        new ServerConfiguration(DOMAIN, new Port(8081), Duration.ofSeconds(60)).text(PATHS));
  }

  @Test
  void keepsTheAdminSocketOutsideThePublicDirectoryAndAwayFromOthers() {
    assertEquals(
        List.of(
            "/run/meshx-agent/spire root 755",
            "/run/meshx-agent/spire/public meshx-spire 755",
            "/run/meshx-agent/spire/admin meshx-spire 700",
            "/var/lib/meshx-agent/spire root 755",
            "/var/lib/meshx-agent/spire/agent meshx-spire 700"),
        words(PATHS.agentDirectories()));
    assertEquals(
        List.of(
            "/run/meshx-agent/spire root 755",
            "/run/meshx-agent/spire/server meshx-spire 700",
            "/var/lib/meshx-agent/spire root 755",
            "/var/lib/meshx-agent/spire/server meshx-spire 700"),
        words(PATHS.serverDirectories()));
  }

  @Test
  void letsOnlyRootReadTheToken() {
    HostFile token = PATHS.tokenFile("secret");

    assertEquals(List.of("/run/meshx-agent/spire/join-token root 600"), words(List.of(token)));
    assertEquals(Optional.of("secret\n"), token.content());
    assertFalse(token.toString().contains("secret"));
  }

  @Test
  void givesTheUnitsTheirFilesAsCredentials() {
    Digest config = Digest.of("");
    UnitSpec first =
        SpireUnits.agent(
            PATHS,
            Path.of("/opt/spire/bin/spire-agent"),
            Path.of("/etc/meshx-agent/bundle.pem"),
            TOKEN,
            Optional.of(PATHS.joinToken()),
            Optional.of(Instant.EPOCH),
            config);
    UnitSpec later =
        SpireUnits.agent(
            PATHS,
            Path.of("/opt/spire/bin/spire-agent"),
            Path.of("/etc/meshx-agent/bundle.pem"),
            TOKEN,
            Optional.empty(),
            Optional.empty(),
            config);
    UnitSpec server =
        SpireUnits.server(
            PATHS,
            Path.of("/opt/spire/bin/spire-server"),
            Path.of("/etc/meshx-agent/ca.crt"),
            Path.of("/etc/meshx-agent/ca.key"),
            config);

    assertEquals(
        "Credentials[paths={join-token=/run/meshx-agent/spire/join-token,"
            + " trust-bundle.pem=/etc/meshx-agent/bundle.pem}]",
        property(first, "LoadCredential"));
    assertEquals(
        "Credentials[paths={trust-bundle.pem=/etc/meshx-agent/bundle.pem}]",
        property(later, "LoadCredential"));
    assertEquals(
        "Credentials[paths={trust-anchor.crt=/etc/meshx-agent/ca.crt,"
            + " trust-anchor.key=/etc/meshx-agent/ca.key}]",
        property(server, "LoadCredential"));
    assertEquals(
        "Commands[argvs=[[/opt/spire/bin/spire-agent, run, -config,"
            + " /run/meshx-agent/spire/agent.json]]]",
        property(first, "ExecStart"));
    for (UnitSpec unit : List.of(first, server)) {
      assertEquals("Text[value=meshx-spire]", property(unit, "User"));
      assertEquals("Text[value=meshx-infra.slice]", property(unit, "Slice"));
      assertEquals("Text[value=always]", property(unit, "Restart"));
    }
    assertEquals(
        "Strings[values=[PROOF_CHANGED=1970-01-01T00:00:00Z]]", property(first, "Environment"));
    assertNull(later.properties().get("Environment"));
    assertEquals(first.fingerprint().config(), later.fingerprint().config());
    assertNotEquals(first.fingerprint().spec(), later.fingerprint().spec());
  }

  @Test
  void registersWithUserAndUnitOfEachProcess() {
    UnitName proxy = new UnitName("meshx-proxy-web.service");
    SpiffeId web = SpiffeId.parse("spiffe://root.linkerd.cluster.local/web");

    assertEquals(
        "spiffe://root.linkerd.cluster.local/meshx-agent/vm-1 for"
            + " systemd:id:meshx-agent.service unix:uid:0",
        HOST.agent().toString());
    assertEquals(
        "spiffe://root.linkerd.cluster.local/web for"
            + " systemd:id:meshx-proxy-web.service unix:uid:998",
        HOST.proxy(web, proxy, 998).toString());
    assertEquals(
        "spiffe://root.linkerd.cluster.local/meshx/vm-1", HOST.agent().parent().toString());
    assertEquals(HOST.alias(), HOST.proxy(web, proxy, 998).parent());
  }

  @Test
  void registersNoProxyOfRoot() {
    UnitName proxy = new UnitName("meshx-proxy-web.service");

    assertThrows(IllegalArgumentException.class, () -> Registrations.proxySelectors(proxy, 0));
  }

  private static List<String> words(List<HostFile> files) {
    return files.stream()
        .map(f -> f.path() + " " + f.owner() + " " + Integer.toOctalString(f.mode()))
        .toList();
  }

  private static String property(UnitSpec unit, String name) {
    return String.valueOf(unit.properties().get(name));
  }
}
