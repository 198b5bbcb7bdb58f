// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.SpecText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProxyUnitTest {
  private static final Path SOCKET = Path.of("/run/meshx-agent/spire/api.sock");
  private static final SortedSet<IpFamily> V4 = new TreeSet<>(EnumSet.of(IpFamily.V4));
  private static final SortedSet<IpFamily> BOTH = new TreeSet<>(EnumSet.allOf(IpFamily.class));

  @TempDir Path root;

  private static ProxyUnit unit(ConfigDirectory directory, SortedSet<IpFamily> families)
      throws ConfigException {
    AgentConfig config = directory.read();
    Workload web = Objects.requireNonNull(config.workloads().get(new WorkloadName("web")));
    return ProxyUnit.of(config, web, SOCKET, config.mesh().trustAnchors(), families);
  }

  private static String environment(ProxyUnit unit) {
    return unit.environment().content().orElseThrow();
  }

  private static void assertGolden(String name, String text) throws IOException {
    Path golden = Path.of("src/test/resources/proxy").resolve(name);
    if ("write".equals(System.getProperty("golden"))) {
      Files.writeString(golden, text);
    }
    assertEquals(Files.readString(golden), text);
  }

  @Test
  void theEnvironmentOfTheLeastConfiguration() throws IOException, ConfigException {
    ConfigDirectory directory = ConfigDirectory.minimal(root, "agent").workload("web", Map.of());
    assertGolden("least.env", environment(unit(directory, V4)));
  }

  @Test
  void theEnvironmentOfADualStackHostWithEverythingSet() throws IOException, ConfigException {
    ConfigDirectory directory =
        ConfigDirectory.minimal(root, "agent")
            .agent("mesh.cluster_domain", "\"k8s.example\"")
            .agent("mesh.networks", "[\"10.0.0.0/8\", \"fd00::/8\"]")
            .agent("mesh.destination", "\"192.0.2.5:8086\"")
            .agent("mesh.policy", "\"[2001:db8::5]:8090\"")
            .agent("host.addresses", "[\"192.0.2.10\", \"2001:db8::10\"]")
            .workload(
                "web",
                Map.of(
                    "port", "[{ name = \"http\", port = 8000 }, { name = \"admin\", port = 8001 }]",
                    "proxy.inbound", "4243",
                    "proxy.outbound", "4240",
                    "proxy.admin", "4291",
                    "proxy.inbound_policy", "\"deny\"",
                    "proxy.opaque_ports", "[22]",
                    "proxy.log", "\"it's=debug\"",
                    "proxy.shutdown_grace", "\"5m\""));
    assertGolden("dual-stack.env", environment(unit(directory, BOTH)));
  }

  @Test
  void anEmptyListIsLeftOut() throws ConfigException {
    ConfigDirectory directory =
        ConfigDirectory.minimal(root, "agent")
            .agent("mesh.networks", "[]")
            .workload("web", Map.of("proxy.opaque_ports", "[]"));
    Map<String, String> variables = SystemdEnvironment.parse(environment(unit(directory, V4)));
    assertFalse(variables.containsKey("LINKERD2_PROXY_DESTINATION_PROFILE_NETWORKS"));
    assertFalse(variables.containsKey("LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS"));
    assertFalse(variables.containsKey("LINKERD2_PROXY_INBOUND_PORTS"));
    assertFalse(variables.containsKey("LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION"));
    assertFalse(variables.containsValue(""));
  }

  @Test
  void systemdReadsTheTrustAnchorsBackWhole() throws ConfigException {
    ConfigDirectory directory = ConfigDirectory.minimal(root, "agent").workload("web", Map.of());
    assertEquals(
        ConfigDirectory.ANCHOR,
        SystemdEnvironment.parse(environment(unit(directory, V4)))
            .get("LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"));
  }

  @Test
  void theFileIsForRootAlone() throws ConfigException {
    ProxyUnit unit = unit(ConfigDirectory.minimal(root, "agent").workload("web", Map.of()), V4);
    assertEquals(Path.of("/run/meshx-agent/proxy/web.env"), unit.environment().path());
    assertEquals(new UserName("root"), unit.environment().owner());
    assertEquals(0600, unit.environment().mode());
  }

  @Test
  void theUnitRunsTheProxyUnprivilegedAndForEver() throws ConfigException {
    ConfigDirectory directory =
        ConfigDirectory.minimal(root, "agent")
            .workload("web", Map.of("proxy.shutdown_grace", "\"10s\""));
    ProxyUnit unit = unit(directory, V4);
    assertEquals("meshx-proxy-web.service", unit.unit().name().text());
    assertEquals(
        """
        Before=Strings[values=[meshx-drain.service]]
        CapabilityBoundingSet=Unsigned[value=0]
        Description=Text[value=Linkerd proxy of workload web]
        EnvironmentFiles=EnvironmentFiles[paths=[/run/meshx-agent/proxy/web.env]]
        ExecStart=Commands[argvs=[[/usr/lib/linkerd/linkerd2-proxy]]]
        LimitCORE=Unsigned[value=0]
        LimitNOFILE=Unsigned[value=1048576]
        LockPersonality=Flag[value=true]
        LogExtraFields=JournalFields[fields={MESHX_WORKLOAD=web}]
        MemoryDenyWriteExecute=Flag[value=true]
        NoNewPrivileges=Flag[value=true]
        PrivateDevices=Flag[value=true]
        ProtectClock=Flag[value=true]
        ProtectControlGroups=Flag[value=true]
        ProtectHome=Text[value=yes]
        ProtectHostname=Flag[value=true]
        ProtectKernelLogs=Flag[value=true]
        ProtectKernelModules=Flag[value=true]
        ProtectKernelTunables=Flag[value=true]
        ProtectProc=Text[value=invisible]
        ProtectSystem=Text[value=strict]
        Restart=Text[value=always]
        RestartUSec=Unsigned[value=500000]
        RestrictAddressFamilies=AllowList[values=[AF_INET, AF_INET6, AF_NETLINK, AF_UNIX]]
        RestrictNamespaces=Unsigned[value=67108864]
        RestrictRealtime=Flag[value=true]
        RestrictSUIDSGID=Flag[value=true]
        Slice=Text[value=meshx-infra.slice]
        StartLimitIntervalUSec=Unsigned[value=0]
        SystemCallArchitectures=Strings[values=[native]]
        SystemCallErrorNumber=Signed32[value=1]
        SystemCallFilter=AllowList[values=[@system-service]]
        TimeoutStopUSec=Unsigned[value=15000000]
        Type=Text[value=exec]
        UMask=Unsigned32[value=63]
        User=Text[value=meshx-proxy]
        """,
        SpecText.of(unit.unit()));
  }

  @Test
  void withAnExternalSocketTheUnitItselfChecksForTheSvid() throws ConfigException {
    ConfigDirectory directory = ConfigDirectory.minimal(root, "external").workload("web", Map.of());
    assertEquals(
        "Commands[argvs=[[/opt/spire/bin/spire-agent, api, fetch, x509, -socketPath,"
            + " /run/meshx-agent/spire/api.sock]]]",
        String.valueOf(unit(directory, V4).unit().properties().get("ExecStartPre")));
  }

  @Test
  void theUnitIsRecognisedByWhatTheUserConfiguredForTheProxy() throws ConfigException {
    ConfigDirectory directory = ConfigDirectory.minimal(root, "agent").workload("web", Map.of());
    AgentConfig config = directory.read();
    Workload web = Objects.requireNonNull(config.workloads().get(new WorkloadName("web")));
    assertEquals(web.given().proxy(), unit(directory, V4).unit().config());
  }
}
