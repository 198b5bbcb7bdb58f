// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.it.cluster.Pki;
import io.meshx.it.suite.WrongConfigurations.Directory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What can be wrong with a configuration, and how each line of the report begins. */
final class WrongCases {
  private static final int MEBIBYTE = 1 << 20;
  private static final Pattern TABLE = Pattern.compile("\\[+([a-z]+)\\]+");
  private static final Pattern KEY = Pattern.compile("#?([a-z_]+) = .*");

  private final WrongConfigurations wrong;
  private final Pki.Credential anchor;
  private final SortedMap<String, List<String>> expected = new TreeMap<>();

  private WrongCases(WrongConfigurations wrong, Pki.Credential anchor) {
    this.wrong = wrong;
    this.anchor = anchor;
  }

  /**
   * Makes all of them.
   *
   * @param agentToml the agent.toml of the package, which documents every key
   * @param webToml likewise for a workload's file
   * @return the beginnings of the report's lines, by the name of the directory
   */
  static SortedMap<String, List<String>> fill(
      WrongConfigurations wrong, Pki.Credential anchor, String agentToml, String webToml) {
    WrongCases cases = new WrongCases(wrong, anchor);
    cases.keysInTurn(agentToml, "agent.toml");
    cases.keysInTurn(webToml, "workloads/web.toml");
    cases.wrongKeys();
    cases.wrongFiles();
    cases.clashes();
    cases.certificates();
    cases.noise();
    return Collections.unmodifiableSortedMap(cases.expected);
  }

  private void expect(String name, String... starts) {
    expected.put(name, Arrays.asList(starts));
  }

  /** Every key that the package documents, with a kind of value that no key has. */
  private void keysInTurn(String documentation, String file) {
    List<String> keys = documentedKeys(documentation);
    if (keys.size() < 15) {
      throw new IllegalArgumentException("this documents only " + keys + ": " + documentation);
    }
    for (String key : keys) {
      String name = "type-of-" + key;
      String mode =
          switch (key) {
            case "spire.socket" -> "external";
            case "spire.trust_anchor_key", "spire.svid_ttl", "spire.server_port" -> "demo";
            default -> "agent";
          };
      Directory directory = wrong.add(name, mode);
      if (file.equals("agent.toml")) {
        directory.agent(key, "true");
        expect(name, "agent.toml:%d: %s: is a boolean".formatted(directory.line(key), key));
      } else {
        directory.workload("web", key, "true");
        expect(name, "%s:1: %s: is a boolean".formatted(file, key));
      }
    }
  }

  /** The keys in a commented file, in dotted form; those of an array of tables count as one. */
  private static List<String> documentedKeys(String text) {
    Map<String, String> keys = new LinkedHashMap<>();
    String table = "";
    for (String line : text.lines().toList()) {
      Matcher head = TABLE.matcher(line);
      Matcher key = KEY.matcher(line);
      if (head.matches()) {
        table = head.group(1);
        if (line.startsWith("[[")) {
          keys.put(table, table);
        }
      } else if (key.matches() && !keys.containsKey(table)) {
        String full = table.isEmpty() ? key.group(1) : table + "." + key.group(1);
        keys.put(full, full);
      }
    }
    return List.copyOf(keys.keySet());
  }

  private void wrongKeys() {
    wrong.add("unknown-key").agent("mesh.trust_domian", "\"x\"");
    expect(
        "unknown-key",
        "agent.toml:6: mesh.trust_domian: unknown key (did you mean 'mesh.trust_domain'?)");
    wrong.add("unknown-table").file("conf.d/10.toml", "\n[kubernets]\nx = 1\n");
    expect(
        "unknown-table", "conf.d/10.toml:2: kubernets: unknown table (did you mean 'kubernetes'?)");
    wrong.add("unknown-workload-key").workload("web", "process.exce", "[\"/bin/x\"]");
    expect(
        "unknown-workload-key",
        "workloads/web.toml:1: process.exce: unknown key (did you mean 'process.exec'?)");
    wrong.add("missing-keys").without("host.addresses").without("spire.server");
    expect(
        "missing-keys",
        "agent.toml: host.addresses: is missing; allowed: an array",
        "agent.toml: spire.server: is missing; allowed: HOST:PORT");
    wrong.add("other-mode").agent("spire.socket", "\"/run/x.sock\"");
    expect(
        "other-mode",
        "agent.toml:6: spire.socket: belongs to spire.mode \"external\", and it is \"agent\"");
    wrong.add("out-of-range").agent("metrics.port", "65536");
    expect("out-of-range", "agent.toml:6: metrics.port: '65536' is out of range; allowed: a port");
    wrong.add("semicolon").workload("web", "process.exec", "[\"/bin/sh\", \"-c\", \"a; b\"]");
    expect("semicolon", "workloads/web.toml:1: process.exec[2]: 'a; b' has a ';' or '$'");
    wrong.add("dollar").workload("web", "process.exec", "[\"/bin/echo\", \"$HOME\"]");
    expect("dollar", "workloads/web.toml:1: process.exec[1]: '$HOME' has a ';' or '$'");
    wrong.add("user-root").workload("web", "process.user", "\"root\"");
    expect("user-root", "workloads/web.toml:1: process.user: 'root' is refused");
    wrong
        .add("many-at-once")
        .agent("host.addresses", "[]")
        .agent("mehs.x", "1")
        .file("conf.d/10.toml", "[host]\nname = 7\n")
        .workload("web", "process.restart", "\"allways\"");
    expect(
        "many-at-once",
        "agent.toml:3: host.addresses: is an empty array; allowed: ",
        "agent.toml:6: mehs: unknown table (did you mean 'mesh'?)",
        "conf.d/10.toml:2: host.name: is an integer; allowed: a DNS label",
        "workloads/web.toml:1: process.restart: 'allways' is unknown (did you mean 'always'?)");
  }

  private void wrongFiles() {
    String create = "does not exist; create it with at least mesh.trust_domain";
    wrong.add("no-agent-toml").delete("agent.toml");
    expect("no-agent-toml", "agent.toml: " + create);
    wrong.add("empty-agent-toml").file("agent.toml", "");
    expect(
        "empty-agent-toml",
        "agent.toml: mesh.trust_domain: is missing",
        "agent.toml: mesh.trust_anchors: is missing",
        "agent.toml: host.addresses: is missing",
        "agent.toml: spire.server: is missing");
    wrong.add("directory-agent-toml").directory("agent.toml");
    expect("directory-agent-toml", "agent.toml: is a directory; a file is expected here");
    wrong.add("loop-agent-toml").link("agent.toml", "agent.toml");
    expect("loop-agent-toml", "agent.toml: cannot be read: ");
    wrong.add("endless-agent-toml").link("agent.toml", "/dev/zero");
    expect("endless-agent-toml", "agent.toml: is ");
    wrong.add("file-conf-d").file("conf.d", "");
    expect("file-conf-d", "conf.d: is no directory; a directory with TOML files is expected here");
    wrong.add("file-workloads").file("workloads", "");
    expect("file-workloads", "workloads: is no directory; a directory with TOML files is expected");
    wrong.add("directory-workload").directory("workloads").directory("workloads/web.toml");
    expect("directory-workload", "workloads/web.toml: is a directory; a file is expected here");
    wrong
        .add("workload-name")
        .file("workloads/My_Web.toml", "namespace = \"a\"\nprocess.user = \"b\"\n");
    expect(
        "workload-name", "workloads/My_Web.toml: 'My_Web' is no workload name; allowed: 1 to 63");
    wrong.add("directory-environment-file").workload("web", "process.environment_files", "[\".\"]");
    expect(
        "directory-environment-file",
        "workloads/web.toml:1: process.environment_files: '/wrong/directory-environment-file' is a"
            + " directory; a file is expected here");
    wrong.add("syntax").agent("spire.server", "192.0.2.1:8081");
    expect("syntax", "agent.toml:5: is no valid TOML at column ");
    wrong.add("key-twice").file("conf.d/a.toml", "[host]\nname = \"a\"\nname = \"b\"\n");
    expect("key-twice", "conf.d/a.toml:3: is no valid TOML at column ");
  }

  private void clashes() {
    wrong
        .add("duplicate-workloads")
        .workload("api", "port", "[{ name = \"http\", port = 8000 }]")
        .file(
            "workloads/web.toml",
            "port = [{ name = \"http\", port = 8000 }]\nproxy.inbound = 8000\n"
                + "process.user = \"api\"\nnamespace = \"mixed-env\"\n");
    expect(
        "duplicate-workloads",
        "workloads/web.toml:1: port[0].port: 8000 is also port[0].port of workload 'api'",
        "workloads/web.toml:2: proxy.inbound: 8000 is also port[0].port of workload 'api'",
        "workloads/web.toml:3: process.user: 'api' is also process.user of workload 'api'");
    wrong.add("port-of-metrics").workload("web", "proxy.inbound", "4192");
    expect("port-of-metrics", "workloads/web.toml:1: proxy.inbound: 4192 is also metrics.port");
    wrong.add("port-of-server", "demo").workload("web", "proxy.inbound", "8081");
    expect("port-of-server", "workloads/web.toml:1: proxy.inbound: 8081 is also spire.server_port");
    wrong.add("port-of-proxy").workload("web", "proxy.outbound", "4191");
    expect(
        "port-of-proxy",
        "workloads/web.toml: proxy.admin: 4191, the default, is also proxy.outbound of workload"
            + " 'web'");
    wrong
        .add("port-twice")
        .workload("web", "port", "[{ name = \"a\", port = 1 }, { name = \"b\", port = 1 }]");
    expect("port-twice", "workloads/web.toml:1: port[1].port: 1 is also port[0].port");
  }

  private void certificates() {
    wrong.add("no-anchors").delete("trust-anchors.pem");
    wrong.add("directory-anchors").directory("trust-anchors.pem");
    wrong.add("noise-anchors").file("trust-anchors.pem", text(MEBIBYTE));
    wrong.add("binary-anchors").file("trust-anchors.pem", bytes(1000));
    wrong.add("key-anchors").file("trust-anchors.pem", anchor.keyPem());
    for (String name : List.of("no", "directory", "noise", "binary", "key")) {
      expect(name + "-anchors", "agent.toml:2: mesh.trust_anchors: 'trust-anchors.pem' ");
    }
    wrong.add("no-key", "demo").delete("ca.key");
    expect("no-key", "agent.toml:5: spire.trust_anchor_key: 'ca.key' does not exist");
    wrong.add("certificate-for-key", "demo").file("ca.key", anchor.certificatePem());
    expect(
        "certificate-for-key", "agent.toml:5: spire.trust_anchor_key: 'ca.key' holds no private");
    wrong.add("directory-token").directory("join-token");
    expect("directory-token", "agent.toml: spire.token_file: 'join-token' is a directory; a file");
  }

  private void noise() {
    String syntax = "agent.toml:1: is no valid TOML at column ";
    List<String> many = Collections.nCopies(21, "agent.toml:");
    wrong.add("noise").file("agent.toml", text(MEBIBYTE));
    expected.put("noise", many);
    wrong.add("noise-too-long").file("agent.toml", text(MEBIBYTE + 1));
    expect("noise-too-long", "agent.toml: is larger than 1 MiB");
    wrong.add("noise-in-workload").file("workloads/web.toml", text(MEBIBYTE));
    expected.put("noise-in-workload", Collections.nCopies(21, "workloads/web.toml:"));
    wrong.add("binary").file("agent.toml", bytes(MEBIBYTE));
    expect("binary", "agent.toml:1: is not UTF-8 in line 1; save it as UTF-8 text");
    wrong
        .add("latin-1")
        .file("agent.toml", "# one\n# Grüße\n".getBytes(StandardCharsets.ISO_8859_1));
    expect("latin-1", "agent.toml:2: is not UTF-8 in line 2; save it as UTF-8 text");
    wrong.add("nul").file("agent.toml", "\0\0\0");
    expect("nul", syntax);
    wrong.add("nested").file("conf.d/a.toml", "x = " + "[".repeat(100_000) + "\n");
    expect("nested", "conf.d/a.toml");
  }

  /** Lines of letters, digits and signs, the same at every run. */
  private static String text(int length) {
    Random random = new Random(77);
    StringBuilder text = new StringBuilder(length);
    while (text.length() < length) {
      text.append(random.nextInt(80) == 0 ? '\n' : (char) ('!' + random.nextInt(94)));
    }
    return text.toString();
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(77).nextBytes(bytes);
    bytes[0] = (byte) 0xff; // In no UTF-8 text.
    return bytes;
  }
}
