// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WrongConfigTest {
  @TempDir Path root;
  private ConfigDirectory directory;

  @BeforeEach
  void makeDirectory() {
    directory = ConfigDirectory.minimal(root, "agent");
  }

  private void expect(String... problems) {
    assertEquals(
        List.of(problems),
        directory.problems().stream().map(each -> each.replace(root + "/", "")).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          mesh.trust_domain      | "Root"             | 'Root' is no trust domain
          mesh.trust_domain      | "a b"              | 'a b' is no trust domain
          mesh.trust_domain      | "a\\u0007b"        | has a control character
          mesh.trust_anchors     | "missing.pem"      | 'missing.pem' does not exist; name a file that does
          mesh.trust_anchors     | "."                | '' is a directory; a file is expected here
          mesh.trust_anchors     | "agent.toml"       | 'agent.toml' holds no certificate
          mesh.cluster_domain    | "cluster.local."   | 'cluster.local.' is no DNS name
          mesh.networks          | ["10.0.0.1/8"]     | '10.0.0.1/8' has bits set behind its prefix
          mesh.networks          | ["10.0.0.0"]       | '10.0.0.0' is no network
          mesh.networks          | ["10.0.0.0/33"]    | prefix '33' of '10.0.0.0' is out of range
          mesh.networks          | ["10.0.0.0/8", 7]  | is an integer; allowed: a network such as
          mesh.networks          | ["::/0", "::/0"]   | '::/0' is there twice
          mesh.destination       | "linkerd:99999"    | '99999' is no port
          mesh.policy            | "linkerd"          | 'linkerd' names no server
          mesh.policy_name       | "-"                | '-' is no DNS name
          host.name              | "VM_1"             | 'VM_1' is no workload name
          host.addresses         | []                 | is an empty array; allowed: an array with at least one
          host.addresses         | ["192.0.2.256"]    | '192.0.2.256' is no IP address
          host.addresses         | ["vm-1.example"]   | 'vm-1.example' is no IP address
          host.addresses         | ["127.0.0.1"]      | '127.0.0.1' cannot be reached by peers
          host.addresses         | ["fe80::1"]        | 'fe80::1' cannot be reached by peers
          host.addresses         | ["0.0.0.0"]        | '0.0.0.0' cannot be reached by peers
          spire.mode             | "agnet"            | 'agnet' is unknown (did you mean 'agent'?)
          spire.mode             | "vault"            | 'vault' is unknown; allowed: agent, external, demo
          spire.server           | "https://x:1"      | 'https://x:1' names no server
          spire.token_file       | "."                | '' is a directory
          spire.trust_bundle     | "missing.pem"      | 'missing.pem' does not exist
          spire.socket           | "/run/x.sock"      | belongs to spire.mode "external", and it is "agent"
          spire.server_port      | 8082               | belongs to spire.mode "demo", and it is "agent"
          network.via            | ["192.0.2.1", "192.0.2.2"] | '192.0.2.2' is a second one of its family
          network.dns_servers    | ["10.96.0.10"]     | are given without a network
          network.dns_forwarder  | "localhost"        | 'localhost' is no IP address
          components.proxy       | "linkerd2-proxy"   | 'linkerd2-proxy' is not absolute
          components.proxy       | "/home/a/proxy"    | '/home/a/proxy' is below /home, which proxies and SPIRE do not see
          metrics.port           | 65536              | '65536' is out of range
          metrics.port           | "4192"             | is a string; allowed: a port
          mesh                   | 1                  | is an integer; allowed: a table [mesh]
          """)
  void aWrongValueInAgentTomlIsTold(String key, String value, String told) {
    if (key.equals("mesh")) {
      directory.file("conf.d/a.toml", "mesh = 1\n");
    } else {
      directory.agent(key, value);
    }
    List<String> problems =
        directory.problems().stream().map(each -> each.replace("'" + root + "'", "''")).toList();
    assertEquals(1, problems.size(), problems.toString());
    String place = key.equals("mesh") ? "conf.d/a.toml:1" : "agent.toml:" + directory.lineOf(key);
    String start = place + ": " + key;
    assertTrue(problems.getFirst().startsWith(start), problems.getFirst());
    assertTrue(problems.getFirst().contains(": " + told), problems.getFirst());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          namespace                 | "Mixed"                     | 'Mixed' is no workload name
          spiffe_id                 | "spiffe://other/web"        | 'spiffe://other/web' is in another trust domain
          spiffe_id                 | "root.linkerd/web"          | 'root.linkerd/web' is no SPIFFE ID
          server_name               | "Web"                       | 'Web' is no DNS name
          process.exec              | []                          | is an empty array
          process.exec              | ["start"]                   | program 'start' has no absolute path
          process.exec              | ["/bin/sh", "-c", "a; b"]   | 'a; b' has a ';' or '$'
          process.exec              | ["/bin/echo", "$HOME"]      | '$HOME' has a ';' or '$'
          process.exec              | ["/bin/echo", 1]            | is an integer
          process.exec              | ["/bin/echo", "\\u0000"]    | an argument has a NUL character
          process.unit              | "nginx"                     | 'nginx' is no unit name
          process.unit              | "nginx.socket"              | 'nginx.socket' is no service that can run
          process.unit              | "postgresql@.service"       | 'postgresql@.service' is no service that can run
          process.unit              | "meshx-agent.service"       | 'meshx-agent.service' is one of ours
          process.take_over         | "restart"                   | belongs to process.unit, which is not there
          process.user              | "root"                      | 'root' is refused: root can pass any interception
          process.user              | "meshx-proxy"               | 'meshx-proxy' is refused
          process.user              | "meshx-spire"               | 'meshx-spire' is refused
          process.user              | "1000"                      | '1000' is no user name
          process.working_directory | "srv"                       | 'srv' is not absolute
          process.environment       | { "A B" = "x" }             | 'A B' is no name of a variable
          process.environment       | { A = 1 }                   | is an integer; allowed: a string
          process.environment       | { NODE_NAME = "x" }         | is set by the agent itself
          process.restart           | "allways"                   | 'allways' is unknown (did you mean 'always'?)
          process.restart_delay     | "1"                         | '1' is no duration
          process.restart_delay     | "-1s"                       | '-1s' is no duration
          process.restart_delay     | "1.5s"                      | '1.5s' is no duration
          process.stop_timeout      | "0s"                        | '0s' is out of range
          process.stop_timeout      | "61m"                       | '61m' is out of range
          process.groups            | ["meshx-spire"]             | 'meshx-spire' is refused: with it the workload could reach what the agent guards
          process.groups            | ["a b"]                     | 'a b' is no user name
          process.type              | "forking"                   | 'forking' is unknown; allowed: exec, notify
          process.start_timeout     | "20s"                       | waits for nothing with process.type "exec"
          process.start_limit       | -1                          | '-1' is out of range
          process.start_limit_interval | "20s"                    | counts nothing without process.start_limit
          process.stop_signal       | "TERM"                      | 'TERM' is unknown; allowed: SIGHUP, SIGINT
          process.credentials       | { "a/b" = "/x" }            | 'a/b' is no name of a credential
          process.credentials       | { a = "x" }                 | 'x' is not absolute
          limits.memory_max         | "0M"                        | '0M' is no size
          limits.memory_max         | "512"                       | '512' is no size
          limits.memory_max         | 512                         | is an integer; allowed: a number and M or G
          limits.cpu_quota          | "0%"                        | '0%' is no share
          limits.tasks_max          | 0                           | '0' is out of range
          limits.open_files         | 8                           | '8' is out of range
          sandbox.protect_system    | "on"                        | 'on' is unknown (did you mean 'no'?); allowed: no, yes, full, strict
          sandbox.private_tmp       | "maybe"                     | 'maybe' is unknown; allowed: "yes" or "no", in quotes
          sandbox.private_tmp       | false                       | is a boolean; allowed: "yes" or "no", in quotes
          sandbox.capabilities      | ["CAP_NET_ADMIN"]           | 'CAP_NET_ADMIN' is refused: the workload might get past its proxy with it
          sandbox.capabilities      | ["net_bind_service"]        | 'net_bind_service' is no capability
          proxy.inbound             | 0                           | '0' is out of range
          proxy.inbound             | 4192                        | 4192 is also metrics.port (agent.toml)
          proxy.admin               | 4143                        | 4143 is also proxy.inbound of workload 'web'
          proxy.log                 | "a\\nb"                     | has a control character
          proxy.inbound_policy      | "allow"                     | 'allow' is unknown; allowed: deny,
          proxy.opaque_ports        | [25, 25]                    | '25' is there twice
          intercept.on_proxy_down   | "shut"                      | 'shut' is unknown; allowed: closed, open
          intercept.inbound_on_proxy_down | "shut"                | 'shut' is unknown; allowed: closed, open
          intercept.outbound        | "hosts"                     | 'hosts' is unknown (did you mean 'host'?)
          intercept.quic            | "drop"                      | 'drop' is unknown; allowed: pass, reject
          intercept.skip_outbound_ports    | [0]                  | '0' is out of range
          intercept.skip_outbound_ports    | ["9-8"]              | '9-8' begins above its end
          intercept.skip_outbound_ports    | ["80"]               | '80' is no range of ports
          intercept.skip_outbound_ports    | ["-j"]               | '-j' is no range of ports
          intercept.skip_outbound_ports    | ["1%n-2"]            | '1%n-2' is no range of ports
          intercept.skip_outbound_ports    | ["1\\n-2"]           | has a control character
          intercept.skip_outbound_ports    | ["1400-1500"]        | '1400-1500' has port 1404, by which the redirect is tried
          intercept.skip_outbound_networks | ["10.0.0.1/8"]       | '10.0.0.1/8' has bits set behind its prefix
          intercept.skip_outbound_networks | ["::/0"]             | '::/0' is every address
          intercept.skip_outbound_networks | ["192.0.2.0/24"]     | '192.0.2.0/24' has 192.0.2.2, by which the redirect is tried
          intercept.skip_outbound_networks | ["10.0.0.0/8; -F"]   | '10.0.0.0/8; -F' is no network
          intercept.allow_udp_ports        | ["53-"]              | '53-' is no range of ports
          intercept.skip_inbound_networks  | "10.0.0.0/8"         | is a string; allowed: an array
          port                      | { name = "a", port = 1 }    | is a table; allowed: tables [[port]]
          port                      | [1]                         | is an integer; allowed: tables [[port]]
          port                      | [{ name = "a" }]            | is missing; allowed: a port
          port                      | [{ name = "A", port = 1 }]  | 'A' is no port name
          port                      | [{ name = "a", prot = 1, port = 2 }] | unknown key (did you mean 'port'?)
          port                      | [{ name = "a", port = 1 }, { name = "a", port = 2 }] | 'a' is there twice
          port                      | [{ name = "a", port = 1 }, { name = "b", port = 1 }] | 1 is also port[0].port of workload 'web'
          """)
  void aWrongValueInAWorkloadIsTold(String key, String value, String told) {
    directory.file(
        "workloads/web.toml",
        key
            + " = "
            + value
            + "\n"
            + (key.equals("namespace") ? "" : "namespace = \"mixed-env\"\n")
            + (key.equals("process.user") ? "" : "process.user = \"web\"\n"));
    List<String> problems = directory.problems();
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.getFirst().startsWith("workloads/web.toml"), problems.getFirst());
    assertTrue(problems.getFirst().contains(": " + told), problems.getFirst());
  }

  @Test
  void whatComesInCannotWaitWhileTheRestGoesDirectly() {
    directory.workload(
        "web",
        Map.of(
            "intercept.on_proxy_down", "\"open\"",
            "intercept.inbound_on_proxy_down", "\"closed\""));
    expect(
        "workloads/web.toml:1: intercept.inbound_on_proxy_down: cannot be \"closed\" while"
            + " intercept.on_proxy_down is \"open\"; set that to \"closed\" or leave this out");
  }

  @Test
  void whatAServiceSaysItselfIsRefusedAndOneServiceIsOneWorkload() {
    ConfigDirectory directory =
        ConfigDirectory.minimal(root, "agent")
            .file(
                "workloads/a.toml",
                """
                namespace = "mixed-env"
                [process]
                unit = "nginx.service"
                user = "web"
                exec = ["/bin/true"]
                """)
            .file(
                "workloads/b.toml",
                """
                namespace = "mixed-env"
                [process]
                unit = "nginx.service"
                [proxy]
                inbound = 4243
                outbound = 4240
                admin = 4291
                """);
    assertEquals(
        List.of(
            "workloads/a.toml:4: process.user: is said by process.unit; remove one of them",
            "workloads/a.toml:5: process.exec: is said by process.unit; remove one of them",
            "workloads/b.toml:3: process.unit: 'nginx.service' is also process.unit of workload 'a'"
                + " (workloads/a.toml:3); a service is one workload"),
        directory.problems());
  }

  @Test
  void everyProblemOfAllFilesIsToldAtOnceInTheOrderOfFilesAndLines() {
    directory
        .agent("host.addresses", "[]")
        .agent("mesh.trust_domian", "\"x\"")
        .without("spire.server")
        .file("conf.d/10.toml", "[mehs]\nx = 1\n[host]\naddresses = [\n  \"a\",\n  \"b\",\n]\n")
        .file("workloads/Web.toml", "namespace = 1\n")
        .file("workloads/api.toml", "namespace = \"x\"\n[process]\nuser = 'root'\nexec = []\n")
        .file("workloads/web.toml", "= 1\n");
    expect(
        "agent.toml: spire.server: is missing; allowed: HOST:PORT",
        "agent.toml:1: host.addresses: is an empty array; allowed: an array with at least one"
            + " element, each an IPv4 or IPv6 address",
        "agent.toml:4: mesh.trust_domian: unknown key (did you mean 'mesh.trust_domain'?)",
        "conf.d/10.toml:1: mehs: unknown table (did you mean 'mesh'?)",
        "conf.d/10.toml:5: host.addresses[0]: 'a' is no IP address; allowed: an IPv4 or IPv6"
            + " address without a scope",
        "conf.d/10.toml:6: host.addresses[1]: 'b' is no IP address; allowed: an IPv4 or IPv6"
            + " address without a scope",
        "workloads/Web.toml: 'Web' is no workload name; allowed: 1 to 63 lower-case letters,"
            + " digits and inner dashes (RFC 1123 label); rename the file",
        "workloads/Web.toml:1: namespace: is an integer; allowed: a Kubernetes namespace",
        "workloads/api.toml:3: process.user: 'root' is refused: root can pass any interception;"
            + " allowed: the name of an unprivileged user of the workload's own",
        "workloads/api.toml:4: process.exec: is an empty array; allowed: an array of strings: the"
            + " program as an absolute path, then its arguments",
        "workloads/web.toml:1: is no valid TOML at column 1: Unexpected '=', expected a key, a"
            + " table key, a newline, or end-of-input; see https://toml.io/en/v1.0.0");
  }

  @Test
  void aKeyThatIsElsewhereIsFoundByItsLastPart() {
    directory.file("conf.d/a.toml", "trust_domain = \"x\"\nwhatever = 1\n[spire]\nzzz = 1\n");
    expect(
        "conf.d/a.toml:1: trust_domain: unknown key (did you mean 'mesh.trust_domain'?)",
        "conf.d/a.toml:2: whatever: unknown key; allowed: [mesh], [host], [spire], [network],"
            + " [components], [metrics], [firewall], [kubernetes]",
        "conf.d/a.toml:4: spire.zzz: unknown key; allowed: spire.mode, spire.server,"
            + " spire.trust_bundle, spire.attestor, spire.token_file, [spire.x509pop],"
            + " [spire.sshpop], [spire.tpm_devid], [spire.http_challenge], [spire.gcp_iit],"
            + " [spire.azure_imds], spire.socket, spire.trust_anchor_key, spire.svid_ttl,"
            + " spire.server_port");
  }

  @Test
  void aSecondWorkloadNeedsItsOwnPortsAndUser() {
    directory
        .workload(
            "api", Map.of("port", "[{ name = \"http\", port = 8000 }]", "proxy.inbound", "4143"))
        .workload(
            "web",
            Map.of(
                "process.user",
                "\"api\"",
                "port",
                "[{ name = \"http\", port = 8000 }]",
                "proxy.outbound",
                "4141"));
    expect(
        "workloads/web.toml: proxy.inbound: 4143, the default, is also proxy.inbound of workload"
            + " 'api' (workloads/api.toml:4); set another port here, such as 4243",
        "workloads/web.toml: proxy.admin: 4191, the default, is also proxy.admin of workload"
            + " 'api' (workloads/api.toml); set another port here, such as 4291",
        "workloads/web.toml:2: port[0].port: 8000 is also port[0].port of workload 'api'"
            + " (workloads/api.toml:2); set another port here, such as 8100",
        "workloads/web.toml:3: process.user: 'api' is also process.user of workload 'api'"
            + " (workloads/api.toml:3); interception tells workloads apart by their user, so give"
            + " each its own");
  }

  @Test
  void aNetworkNeedsANextHopOfItsFamily() {
    directory
        .agent("network.pod_cidrs", "[\"10.244.0.0/16\"]")
        .agent("network.service_cidrs", "[\"fd20::/64\"]");
    expect(
        "agent.toml:"
            + directory.lineOf("network.pod_cidrs")
            + ": network.via: has no IPv4 address, which the route to '10.244.0.0/16' needs; add"
            + " one",
        "agent.toml:"
            + directory.lineOf("network.service_cidrs")
            + ": network.via: has no IPv6 address, which the route to 'fd20::/64'"
            + " needs; add one");
    directory.agent("network.via", "\"192.0.2.1\"");
    expect(
        "agent.toml:"
            + directory.lineOf("network.via")
            + ": network.via: has no IPv6 address, which the route to 'fd20::/64'"
            + " needs; add one");
  }

  @Test
  void aPolicyOfTheClusterNeedsItsNetworks() {
    directory
        .agent("mesh.networks", "[]")
        .workload("web", Map.of("proxy.inbound_policy", "\"audit\""));
    expect(
        "workloads/web.toml:3: proxy.inbound_policy: 'audit' needs to know the cluster's networks;"
            + " set mesh.networks");
  }

  @Test
  void theDemoModeNeedsAKey(@TempDir Path demo) {
    directory = ConfigDirectory.minimal(demo, "demo").file("trust-anchor.key", "nothing");
    assertEquals(
        List.of(
            "agent.toml:"
                + directory.lineOf("spire.trust_anchor_key")
                + ": spire.trust_anchor_key: '"
                + demo.resolve("trust-anchor.key")
                + "' holds no private key; allowed: PEM text with BEGIN PRIVATE KEY"),
        withPaths());
  }

  @Test
  void aKeyThatEverybodyMayReadIsRefused(@TempDir Path demo) throws IOException {
    directory = ConfigDirectory.minimal(demo, "demo");
    Path key = demo.resolve("trust-anchor.key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertEquals(
        List.of(
            "agent.toml:"
                + directory.lineOf("spire.trust_anchor_key")
                + ": spire.trust_anchor_key: '"
                + key
                + "' holds a secret and may be read by everybody (mode 0644); 'chmod go= "
                + key
                + "'"),
        withPaths().stream()
            .map(each -> each.replace("go= trust", "go= " + demo + "/trust"))
            .toList());
  }

  @Test
  void whatOthersMayChangeIsNotBelieved() throws IOException {
    directory.workload("web", Map.of());
    for (String name : List.of("agent.toml", "trust-anchors.pem", "workloads/web.toml")) {
      Files.setPosixFilePermissions(
          directory.root().resolve(name), PosixFilePermissions.fromString("rw-rw-rw-"));
    }
    expect(
        "agent.toml: may be changed by everybody (mode 0666); 'chmod go-w agent.toml'",
        "agent.toml:2: mesh.trust_anchors: 'trust-anchors.pem' may be changed by everybody (mode"
            + " 0666); 'chmod go-w trust-anchors.pem'",
        "workloads/web.toml: may be changed by everybody (mode 0666); 'chmod go-w"
            + " workloads/web.toml'");
  }

  @Test
  void aSocketThatTheAgentCannotSeeIsRefused(@TempDir Path external) {
    directory =
        ConfigDirectory.minimal(external, "external")
            .agent("spire.socket", "\"/tmp/spire/api.sock\"");
    expect(
        "agent.toml:"
            + directory.lineOf("spire.socket")
            + ": spire.socket: '/tmp/spire/api.sock' is in /tmp, of which the agent sees"
            + " /tmp/spire-agent only; have that SPIRE agent listen below /run");
  }

  private List<String> withPaths() {
    return directory.problems().stream()
        .map(each -> each.replace("'trust", "'" + directory.root() + "/trust"))
        .toList();
  }

  @Test
  void anchorsThatHaveAllExpiredAreRefused() {
    directory.file("trust-anchors.pem", ConfigDirectory.EXPIRED_ANCHOR);
    expect(
        "agent.toml:2: mesh.trust_anchors: 'trust-anchors.pem' holds no certificate that is still"
            + " valid; the last expired at 2026-11-23T21:06:44Z");
  }

  @Test
  void aDamagedAnchorIsRefused() {
    directory.file(
        "trust-anchors.pem",
        ConfigDirectory.ANCHOR + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    List<String> problems = directory.problems();
    assertEquals(1, problems.size());
    assertTrue(
        problems
            .getFirst()
            .startsWith(
                "agent.toml:2: mesh.trust_anchors: 'trust-anchors.pem': certificate 2 cannot be"
                    + " read: "),
        problems.getFirst());
  }

  @Test
  void aHostNameThatIsNoLabelMustBeReplaced() {
    directory.machineName("My_Host");
    expect(
        "agent.toml: host.name: is left out, and its default is refused: 'my_host' is no workload"
            + " name; allowed: 1 to 63 lower-case letters, digits and inner dashes (RFC 1123"
            + " label)");
    directory.machineName("");
    expect(
        "agent.toml: host.name: is left out, and its default is refused: is an empty string;"
            + " allowed: a DNS label");
  }

  @Test
  void aMissingDirectoryIsToldAlone(@TempDir Path empty) {
    directory = ConfigDirectory.minimal(empty.resolve("sub"), "agent");
    assertTrue(directory.root().resolve("agent.toml").toFile().delete());
    assertTrue(directory.root().resolve("trust-anchors.pem").toFile().delete());
    assertEquals(
        List.of(
            "agent.toml: does not exist; create it with at least mesh.trust_domain,"
                + " mesh.trust_anchors and host.addresses"),
        directory.problems());
    assertTrue(directory.root().toFile().delete());
    assertEquals(
        List.of(directory.root() + ": does not exist; the package brings /etc/meshx-agent"),
        directory.problems());
  }

  @Test
  void directoriesAndFilesInEachOthersPlaceAreTold() throws IOException {
    Files.delete(root.resolve("agent.toml"));
    Files.createDirectory(root.resolve("agent.toml"));
    Files.writeString(root.resolve("conf.d"), "");
    Files.createDirectories(root.resolve("workloads/web.toml"));
    expect(
        "agent.toml: is a directory; a file is expected here",
        "conf.d: is no directory; a directory with TOML files is expected here",
        "workloads/web.toml: is a directory; a file is expected here");
  }

  @Test
  void aConfigurationThatIsAFileIsTold(@TempDir Path other) throws IOException {
    Path file = Files.writeString(other.resolve("agent.toml"), "");
    directory = ConfigDirectory.minimal(root, "agent");
    ConfigException e =
        org.junit.jupiter.api.Assertions.assertThrows(
            ConfigException.class,
            () -> new ConfigReader(() -> "", () -> ConfigDirectory.NOW, file).read(file));
    assertEquals(
        file + ": is no directory; a directory with TOML files is expected here", e.getMessage());
  }

  @Test
  void anOversizedFileIsRefusedUnread() {
    directory.file("workloads/web.toml", "#".repeat(SourceText.MOST_BYTES + 1));
    expect("workloads/web.toml: is larger than 1 MiB (1048576 bytes); is this the right file?");
  }

  @Test
  void aMegabyteOfNoiseIsOneClearReport() {
    directory.file("workloads/web.toml", "x#=\n".repeat(SourceText.MOST_BYTES / 4));
    assertEquals(SourceText.MOST_BYTES, root.resolve("workloads/web.toml").toFile().length());
    List<String> problems = directory.problems();
    assertEquals(21, problems.size());
    assertTrue(problems.getLast().contains("more syntax errors"), problems.getLast());
    assertTrue(problems.getFirst().startsWith("workloads/web.toml:1: is no valid TOML"));
  }

  @Test
  void textThatIsNotUtf8IsToldWithItsLine() throws IOException {
    Files.write(
        root.resolve("agent.toml"), "# one\n# Grüße\n".getBytes(StandardCharsets.ISO_8859_1));
    expect("agent.toml:2: is not UTF-8 in line 2; save it as UTF-8 text");
  }

  @Test
  void aFileWithoutAnEndIsNotRead() throws IOException {
    Files.createDirectories(root.resolve("workloads"));
    Files.createSymbolicLink(root.resolve("workloads/web.toml"), Path.of("/dev/zero"));
    expect("workloads/web.toml: is a pipe, a socket or a device; a file is expected here");
  }

  @Test
  void endlessNestingIsRefused() {
    directory.file("conf.d/a.toml", "x = " + "[".repeat(200_000) + "\n");
    List<String> problems = directory.problems();
    assertTrue(problems.getFirst().startsWith("conf.d/a.toml"), problems.getFirst());
  }

  @Test
  void aPortCannotBothBeServedThroughTheProxyAndSkipped() {
    directory.file(
        "workloads/web.toml",
        """
        namespace = "mixed-env"
        process.user = "web"
        port = [{ name = "http", port = 8005 }]
        intercept.skip_inbound_ports = ["8000-8010"]
        """);
    expect(
        "workloads/web.toml:4: intercept.skip_inbound_ports: '8000-8010' has 8005, which is [[port]]"
            + " 'http' and goes through the proxy; give each port to one of them");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          svid.directory    | "/run/svid" | /run/svid
          external_workload | "one"       | mixed-env/one
          """)
  void twoWorkloadsCannotHaveTheSame(String key, String value, String named) {
    assertEquals(
        List.of(
            "workloads/web.toml:PLACE: "
                + key
                + ": '"
                + named
                + "' is also that of workload 'api' (workloads/api.toml:PLACE); give each its own"),
        placeless(
            ConfigDirectory.minimal(root, "agent")
                .workload("api", Map.of(key, value, "process.user", "\"api\""))
                .workload("web", Map.of(key, value))));
  }

  private static List<String> placeless(ConfigDirectory directory) {
    return directory.problems().stream()
        .map(problem -> problem.replaceAll("toml:\\d+", "toml:PLACE"))
        .toList();
  }

  @Test
  void whatIsSaidOfAClusterNeedsOneAndFitsTogether() {
    assertEquals(
        List.of(
            "agent.toml:PLACE: kubernetes.token_file: means nothing without kubernetes.server; set"
                + " it, or remove this"),
        placeless(
            ConfigDirectory.minimal(root, "agent").agent("kubernetes.token_file", "\"token\"")));
    assertEquals(
        List.of(
            "agent.toml:PLACE: kubernetes.server: 'http://192.0.2.1' is no such address; allowed:"
                + " https://HOST:PORT"),
        placeless(
            ConfigDirectory.minimal(root, "agent")
                .agent("kubernetes.server", "\"http://192.0.2.1\"")));
    assertEquals(
        List.of(
            "agent.toml:PLACE: kubernetes.client_certificate: needs kubernetes.client_key beside"
                + " it"),
        placeless(
            ConfigDirectory.minimal(root, "agent")
                .file("kubernetes-ca.pem", ConfigDirectory.ANCHOR)
                .file("client.crt", ConfigDirectory.ANCHOR)
                .agent("kubernetes.server", "\"https://192.0.2.1:6443\"")
                .agent("kubernetes.client_certificate", "\"client.crt\"")));
  }

  @Test
  void aLeaseIsNotSoShortThatItRunsOutByItself() {
    assertEquals(
        List.of(
            "agent.toml:PLACE: kubernetes.lease: is too short; allowed: at least 10s, or \"0s\" to"
                + " say nothing"),
        placeless(
            ConfigDirectory.minimal(root, "agent")
                .file("kubernetes-ca.pem", ConfigDirectory.ANCHOR)
                .agent("kubernetes.server", "\"https://192.0.2.1:6443\"")
                .agent("kubernetes.lease", "\"5s\"")));
  }

  @Test
  void aClientKeyHasTheFormThatCanBeRead() {
    assertEquals(
        List.of(
            "agent.toml:PLACE: kubernetes.client_key: 'client.key' holds no private key in PKCS #8 form (BEGIN PRIVATE KEY); 'openssl pkcs8 -topk8"
                + " -nocrypt' writes others so"),
        placeless(
            ConfigDirectory.minimal(root, "agent")
                .file("kubernetes-ca.pem", ConfigDirectory.ANCHOR)
                .file("client.crt", ConfigDirectory.ANCHOR)
                .file(
                    "client.key",
                    "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")
                .agent("kubernetes.server", "\"https://192.0.2.1:6443\"")
                .agent("kubernetes.client_certificate", "\"client.crt\"")
                .agent("kubernetes.client_key", "\"client.key\"")));
  }

  @Test
  void anAddressToProbeHasAPortAndNoPassword() {
    ConfigDirectory config = ConfigDirectory.minimal(root, "agent");
    assertEquals(
        List.of(
            "workloads/web.toml:PLACE: probe[0].http: 'http://127.0.0.1:99999/' has no port from 1"
                + " to 65535; allowed: http://HOST:PORT/PATH",
            "workloads/web.toml:PLACE: probe[1].http: has a user in its address; allowed:"
                + " http://HOST:PORT/PATH"),
        placeless(
            config.workload(
                "web",
                Map.of(
                    "probe",
                    "[{ http = \"http://127.0.0.1:99999/\" },"
                        + " { http = \"http://me:secret@127.0.0.1:80/\" }]"))));
  }

  @Test
  void podsOfNodesNeedACluster() {
    assertEquals(
        List.of(
            "agent.toml:PLACE: network.pod_cidrs: \"auto\" asks the Kubernetes API for its nodes;"
                + " set kubernetes.server, or give the networks"),
        placeless(ConfigDirectory.minimal(root, "agent").agent("network.pod_cidrs", "\"auto\"")));
    assertEquals(
        List.of(
            "agent.toml:PLACE: network.pod_cidrs: is a string; allowed: \"auto\", or an array, each a"
                + " network such as 10.244.0.0/16"),
        placeless(
            ConfigDirectory.minimal(root, "agent").agent("network.pod_cidrs", "\"automatic\"")));
  }

  @Test
  void eachProbeTriesOneThing() {
    ConfigDirectory config = ConfigDirectory.minimal(root, "agent");
    assertEquals(
        List.of(
            "workloads/web.toml:PLACE: probe[0]: tries nothing; give each [[probe]] one of tcp, http, grpc,"
                + " exec, unit",
            "workloads/web.toml:PLACE: probe[1]: tries tcp and unit at once; give each [[probe]] one of tcp,"
                + " http, grpc, exec, unit",
            "workloads/web.toml:PLACE: probe[2].http: 'https://127.0.0.1/' is no URL of plain HTTP (with TLS,"
                + " exec can run curl); allowed: http://HOST:PORT/PATH",
            "workloads/web.toml:PLACE: probe[3].timeout: '2m' is out of range; allowed: a number and ms, s, m"
                + " or h, from 1s to 60s, such as \"10s\"",
            "workloads/web.toml:PLACE: probe[3].service: belongs to grpc"),
        placeless(
            config.workload(
                "web",
                Map.of(
                    "probe",
                    "[{ period = \"5s\" }, { tcp = 8000, unit = \"web.socket\" },"
                        + " { http = \"https://127.0.0.1/\" },"
                        + " { tcp = 8000, service = \"x\", timeout = \"2m\" }]"))));
  }

  @Test
  void labelsAreThoseOfKubernetes() {
    List<String> problems =
        ConfigDirectory.minimal(root, "agent")
            .workload(
                "web",
                Map.of(
                    "labels",
                    "{ \"a b\" = \"x\", app = \"no spaces\", \"meshx.io/host\" = \"vm-2\" }"))
            .problems();
    assertEquals(3, problems.size(), problems::toString);
    assertTrue(
        problems.stream().anyMatch(each -> each.contains("'a b' is no key")), problems::toString);
    assertTrue(
        problems.stream().anyMatch(each -> each.contains("'no spaces' is no value")),
        problems::toString);
    assertTrue(
        problems.stream().anyMatch(each -> each.contains("is set by the agent itself")),
        problems::toString);
  }

  @Test
  void onlyOneWorkloadsProxyTakesTheTrafficOfTheWholeHost() {
    directory
        .workload("api", Map.of("intercept.outbound", "\"host\"", "process.user", "\"api\""))
        .workload(
            "web",
            Map.of(
                "intercept.outbound", "\"host\"",
                "proxy.inbound", "4243",
                "proxy.outbound", "4240",
                "proxy.admin", "4291"));
    assertTrue(
        directory.problems().stream()
            .anyMatch(problem ->
                problem.contains("intercept.outbound: 'host' is also that of workload 'api'")),
        directory.problems()::toString);
  }

  @Test
  void moreExceptionsThanTheKernelTakesAreRefused() {
    String networks =
        IntStream.range(0, 10_000)
            .mapToObj(i -> "\"10." + i / 250 + "." + i % 250 + ".0/24\"")
            .collect(Collectors.joining(", ", "[", "]"));
    directory.workload("web", Map.of("intercept.skip_outbound_networks", networks));
    assertTrue(
        directory
            .problems()
            .getFirst()
            .endsWith("intercept.skip_outbound_networks: has 10000 elements; allowed: at most 500"),
        directory.problems()::toString);
  }

  /** Whatever is written there, reading it ends in a configuration or in problems. */
  @Test
  void noiseInTheSkipListsIsRefusedOrIsAValue() {
    Random random = new Random(7);
    String alphabet = "0123456789abcdef.:/-, %'$;\\t\u00e9";
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String value = "[\"" + text.toString().replace("\\", "\\\\") + "\"]";
      directory.workload(
          "web",
          Map.of(
              "intercept.skip_outbound_ports", value, "intercept.skip_outbound_networks", value));
      List<String> problems = directory.problems();
      // No text is both a network and a range of ports.
      assertFalse(problems.isEmpty(), value);
      assertTrue(
          problems.stream().allMatch(problem -> problem.contains(": intercept.skip_outbound_")),
          problems::toString);
    }
  }
}
