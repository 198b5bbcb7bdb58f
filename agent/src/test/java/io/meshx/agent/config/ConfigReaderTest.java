// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.meshx.agent.config.AgentConfig.Network;
import io.meshx.agent.config.AgentConfig.ServedPort;
import io.meshx.agent.config.AgentConfig.Spire;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.Signal;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.spire.NodeAttestor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigReaderTest {
  private static final WorkloadName WEB = new WorkloadName("web");

  @TempDir Path root;
  private ConfigDirectory directory;

  @BeforeEach
  void makeDirectory() {
    directory = ConfigDirectory.minimal(root, "agent");
  }

  private Workload web() throws ConfigException {
    return Objects.requireNonNull(directory.read().workloads().get(WEB));
  }

  private AgentConfig.WorkloadProcess.Ours ours() throws ConfigException {
    return assertInstanceOf(AgentConfig.WorkloadProcess.Ours.class, web().process());
  }

  @Test
  void aServiceOfSomebodyElseIsAWorkloadWithoutAUser() throws ConfigException {
    directory.file(
        "workloads/web.toml",
        """
        namespace = "mixed-env"
        [process]
        unit = "postgresql@15-main.service"
        take_over = "restart"
        environment = { LANG = "C" }
        """);
    assertEquals(
        new AgentConfig.WorkloadProcess.Foreign(
            new UnitName("postgresql@15-main.service"), true, new TreeMap<>(Map.of("LANG", "C"))),
        web().process());
    assertEquals(Optional.empty(), web().user());
  }

  @Test
  void theLeastGivesEveryDefaultOfTheAgent() throws ConfigException {
    AgentConfig config = directory.read();
    assertEquals("root.linkerd.cluster.local", config.mesh().trustDomain().text());
    assertEquals(ConfigDirectory.ANCHOR, config.mesh().trustAnchors());
    assertEquals(root.resolve("trust-anchors.pem"), config.mesh().trustAnchorsFile());
    assertEquals(new DnsName("cluster.local"), config.mesh().clusterDomain());
    assertEquals(
        "[10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16, fd00::/8]",
        config.mesh().networks().toString());
    assertEquals(
        "linkerd-dst-headless.linkerd.svc.cluster.local:8086",
        config.mesh().destination().toString());
    assertEquals(
        "linkerd-policy.linkerd.svc.cluster.local:8090", config.mesh().policy().toString());
    assertEquals(
        "linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",
        config.mesh().policyName().text());
    assertEquals(config.mesh().policyName(), config.mesh().destinationName());
    assertEquals(new WorkloadName("vm-1"), config.host().name());
    assertEquals(
        new Spire.Agent(
            HostPort.parse("spire.example.org:8081"),
            root.resolve("trust-anchors.pem"),
            new NodeAttestor.JoinToken(root.resolve("join-token"))),
        config.spire());
    assertEquals(Optional.empty(), config.network());
    assertEquals(Path.of("/opt/spire/bin/spire-agent"), config.components().spireAgent());
    assertEquals(Path.of("/opt/spire/bin/spire-server"), config.components().spireServer());
    assertEquals(Path.of("/usr/lib/linkerd/linkerd2-proxy"), config.components().proxy());
    assertEquals(new Port(4192), config.metrics().port());
    assertEquals(new TreeMap<>(), config.workloads());
  }

  @Test
  void anAttestorHasItsOwnKeys() throws ConfigException {
    directory.attestor("x509pop").agent("spire.x509pop.intermediates", "\"intermediates.crt\"");

    assertEquals(
        new NodeAttestor.X509Pop(
            root.resolve("host.crt"),
            root.resolve("host.key"),
            Optional.of(root.resolve("intermediates.crt"))),
        attestor());
    assertEquals(
        new NodeAttestor.SshPop(
            Path.of("/etc/ssh/ssh_host_rsa_key"), Path.of("/etc/ssh/ssh_host_rsa_key-cert.pub")),
        ofAnother("sshpop"));
    assertEquals(
        new NodeAttestor.TpmDevId(
            root.resolve("devid.crt"),
            root.resolve("devid.priv"),
            root.resolve("devid.pub"),
            Optional.empty()),
        ofAnother("tpm_devid"));
    assertEquals(
        new NodeAttestor.HttpChallenge("vm-1.example.org", new Port(80), "default"),
        ofAnother("http_challenge"));
    assertEquals(new NodeAttestor.AwsIid(), ofAnother("aws_iid"));
    assertEquals(new NodeAttestor.GcpIit("default"), ofAnother("gcp_iit"));
    assertEquals(new NodeAttestor.AzureImds("example.onmicrosoft.com"), ofAnother("azure_imds"));
  }

  private NodeAttestor ofAnother(String plugin) throws ConfigException {
    directory = ConfigDirectory.minimal(root, "agent").attestor(plugin);
    return attestor();
  }

  private NodeAttestor attestor() throws ConfigException {
    return directory.read().spire() instanceof Spire.Agent agent
        ? agent.attestor()
        : fail("another mode");
  }

  @Test
  void aKeyOfAnotherAttestorIsRefused() {
    directory.attestor("sshpop").agent("spire.token_file", "\"join-token\"");

    assertEquals(
        List.of(
            "agent.toml:"
                + directory.lineOf("spire.token_file")
                + ": spire.token_file: belongs to spire.attestor \"join_token\", and it is"
                + " \"sshpop\"; remove it or change spire.attestor"),
        directory.problems());
  }

  @Test
  void aPortOfTheAttestorIsNoPortOfAWorkload() {
    directory
        .attestor("http_challenge")
        .workload("web", Map.of("port", "[{ name = \"http\", port = 80 }]"));

    assertEquals(
        List.of(
            "workloads/web.toml:2: port[0].port: 80 is also spire.http_challenge.port (agent.toml);"
                + " set another port here, such as 180"),
        directory.problems());
  }

  @Test
  void theLeastGivesEveryDefaultOfAWorkload() throws ConfigException {
    directory.workload("web", Map.of());
    Workload web = web();
    assertEquals(root.resolve("workloads/web.toml"), web.file());
    assertEquals("spiffe://root.linkerd.cluster.local/mixed-env/web", web.id().toString());
    assertEquals("web.mixed-env.cluster.local", web.serverName().text());
    assertEquals(
        new AgentConfig.WorkloadProcess.Ours(
            List.of("/workload/start"),
            web.user().orElseThrow(),
            List.of(),
            Path.of("/"),
            new TreeMap<>(),
            List.of(),
            new TreeMap<>(),
            new AgentConfig.Start(
                "exec",
                Duration.ofSeconds(90),
                "always",
                Duration.ofSeconds(1),
                0,
                Duration.ofSeconds(10)),
            new AgentConfig.Stop(Signal.SIGTERM, Duration.ofSeconds(30)),
            new AgentConfig.Limits(
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()),
            new AgentConfig.Sandbox(
                "full", List.of(), "read-only", true, true, true, true, false, List.of())),
        web.process());
    assertEquals("web", web.user().orElseThrow().text());
    assertEquals(List.of(), web.ports());
    assertEquals(
        new AgentConfig.Proxy(
            new Port(4143),
            new Port(4140),
            new Port(4191),
            "warn,linkerd=info,hickory=error,[{headers}]=off,[{request}]=off",
            "all-unauthenticated",
            Duration.ofSeconds(30),
            ports(25, 587, 3306, 4444, 5432, 6379, 9300, 11211)),
        web.proxy());
  }

  private static List<Port> ports(int... numbers) {
    return java.util.Arrays.stream(numbers).mapToObj(Port::new).toList();
  }

  @Test
  void whatIsGivenIsTaken() throws ConfigException {
    directory
        .file("web.env", "A=b\n")
        .agent("mesh.cluster_domain", "\"k8s.example\"")
        .agent("network.pod_cidrs", "[\"10.244.0.0/16\", \"fd10::/64\"]")
        .agent("network.service_cidrs", "[\"10.96.0.0/16\"]")
        .agent("network.via", "[\"192.0.2.1\", \"2001:db8::1\"]")
        .agent("network.dns_servers", "[\"10.96.0.10\"]")
        .workload(
            "web",
            Map.of(
                "process.exec", "[\"/bin/serve\", \"\", \"--port=80\"]",
                "process.environment", "{ LANG = \"C\", _x = \"a;b$c\" }",
                "process.environment_files", "[\"web.env\"]",
                "process.restart_delay", "\"500ms\"",
                "process.stop_timeout", "\"5m\"",
                "port", "[{ name = \"http\", port = 8000 }, { name = \"db\", port = 5432 }]"));
    assertEquals(
        Optional.of(
            new Network(
                List.of(Cidr.parse("10.244.0.0/16"), Cidr.parse("fd10::/64")),
                false,
                List.of(Cidr.parse("10.96.0.0/16")),
                List.of(IpAddress.parse("192.0.2.1"), IpAddress.parse("2001:db8::1")),
                List.of(IpAddress.parse("10.96.0.10")),
                IpAddress.parse("169.254.77.1"))),
        directory.read().network());
    assertEquals(
        "linkerd-policy.linkerd.svc.k8s.example:8090", directory.read().mesh().policy().toString());
    assertEquals("web.mixed-env.k8s.example", web().serverName().text());
    assertEquals(List.of("/bin/serve", "", "--port=80"), ours().exec());
    assertEquals(Map.of("LANG", "C", "_x", "a;b$c"), web().process().environment());
    assertEquals(List.of(root.resolve("web.env")), ours().environmentFiles());
    assertEquals(Duration.ofMillis(500), ours().start().restartDelay());
    assertEquals(Duration.ofMinutes(5), ours().stop().timeout());
    assertEquals(
        List.of(
            new ServedPort(new WorkloadName("http"), new Port(8000)),
            new ServedPort(new WorkloadName("db"), new Port(5432))),
        web().ports());
  }

  @Test
  void eachModeOfSpireHasItsOwnKeys(@TempDir Path external, @TempDir Path demo)
      throws ConfigException {
    assertEquals(
        new Spire.External(Path.of("/run/spire/agent/api.sock")),
        ConfigDirectory.minimal(external, "external").read().spire());
    assertEquals(
        new Spire.Demo(demo.resolve("trust-anchor.key"), Duration.ofHours(1), new Port(8081)),
        ConfigDirectory.minimal(demo, "demo").read().spire());
  }

  @Test
  void laterFilesReplaceSingleKeysInTheOrderOfTheirNames() throws ConfigException {
    directory
        .file("conf.d/20-b.toml", "[metrics]\nport = 2\n")
        .file("conf.d/10-a.toml", "[metrics]\nport = 1\n[host]\nname = \"other\"\n")
        .file("conf.d/.30-c.toml.swp.toml", "garbage")
        .file("conf.d/README", "garbage");
    AgentConfig config = directory.read();
    assertEquals(new Port(2), config.metrics().port());
    assertEquals("other", config.host().name().text());
    assertEquals("[192.0.2.10]", config.host().addresses().toString());
  }

  @Test
  void anOverrideIsBlamedWhereItIs() {
    directory
        .file("conf.d/10-a.toml", "\n[metrics]\nport = 4143\n")
        .workload("web", Map.of("proxy.admin", "5000"));
    assertEquals(
        List.of(
            "workloads/web.toml: proxy.inbound: 4143, the default, is also metrics.port"
                + " (conf.d/10-a.toml:3); set another port here, such as 4243"),
        problems());
  }

  private List<String> problems() {
    return directory.problems().stream().map(each -> each.replace(root + "/", "")).toList();
  }

  @Test
  void layoutChangesNoDigest() throws ConfigException {
    directory.workload("web", Map.of("proxy.log", "\"warn\"", "process.exec", "[\"/a\", \"b\"]"));
    AgentConfig before = directory.read();
    directory.file(
        "workloads/web.toml",
        """
        # a comment
        namespace = 'mixed-env'
        [proxy]
        log = 'warn'
        [process]
        user = "web"
        exec = [
          "/a",  # the program
          "b",
        ]
        """);
    directory.file("trust-anchors.pem", "# a comment\r\n" + ConfigDirectory.ANCHOR);
    assertEquals(before, directory.read());
  }

  @Test
  void aProcessKeyChangesTheProcessDigestAlone() throws ConfigException {
    assertDigests(
        true, false, () -> directory.workload("web", Map.of("process.restart", "\"no\"")));
  }

  @Test
  void limitsSandboxAndWhatTheFilterIsMadeFromChangeTheProcessDigestAlone() throws ConfigException {
    for (Map<String, String> keys :
        List.of(
            Map.of("limits.tasks_max", "64"),
            Map.of("sandbox.private_tmp", "\"no\""),
            Map.of("intercept.inbound_on_proxy_down", "\"open\""),
            Map.of("intercept.skip_outbound_ports", "[25]"))) {
      assertDigests(true, false, () -> directory.workload("web", keys));
    }
  }

  @Test
  void aProxyKeyChangesTheProxyDigestAlone() throws ConfigException {
    assertDigests(false, true, () -> directory.workload("web", Map.of("proxy.admin", "4991")));
  }

  @Test
  void theMeshChangesTheProxyDigestAlone() throws ConfigException {
    assertDigests(false, true, () -> directory.agent("mesh.policy", "\"192.0.2.7:8090\""));
  }

  @Test
  void theTrustAnchorsChangeTheProxyDigestAlone() throws ConfigException {
    assertDigests(
        false,
        true,
        () ->
            directory.file(
                "trust-anchors.pem", ConfigDirectory.ANCHOR + ConfigDirectory.EXPIRED_ANCHOR));
  }

  @Test
  void theHostsNameChangesBothDigests() throws ConfigException {
    assertDigests(true, true, () -> directory.agent("host.name", "\"other\""));
  }

  @Test
  void theRoutesChangeNoDigestOfAWorkload() throws ConfigException {
    assertDigests(
        false,
        false,
        () ->
            directory
                .agent("network.pod_cidrs", "[\"10.244.0.0/16\"]")
                .agent("network.via", "\"192.0.2.1\""));
  }

  private void assertDigests(boolean process, boolean proxy, Runnable change)
      throws ConfigException {
    directory.workload("web", Map.of());
    AgentConfig before = directory.read();
    Workload was = web();
    change.run();
    assertEquals(process, !was.given().process().equals(web().given().process()));
    assertEquals(proxy, !was.given().proxy().equals(web().given().proxy()));
    if (was.equals(web()) || !before.mesh().equals(directory.read().mesh())) {
      assertNotEquals(before.given(), directory.read().given());
    }
  }

  @Test
  void anExpiredAnchorBesideAValidOneIsARotation() throws ConfigException {
    directory.file("trust-anchors.pem", ConfigDirectory.EXPIRED_ANCHOR + ConfigDirectory.ANCHOR);
    assertTrue(directory.read().mesh().trustAnchors().endsWith(ConfigDirectory.ANCHOR));
  }

  @Test
  void problemsCarryPlaceKeyAndWords() {
    directory.agent("metrics.port", "0");
    ConfigException e = assertThrows(ConfigException.class, directory::read);
    assertEquals(
        List.of(
            new Problem(
                root + "/agent.toml:" + directory.lineOf("metrics.port"),
                "metrics.port",
                "'0' is out of range; allowed: a port, 1 to 65535, without quotes")),
        e.problems());
  }
}
