// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A configuration directory for tests, and what the reader makes of it. */
public final class ConfigDirectory {
  /** A certificate that is valid at {@link #NOW}. */
  public static final String ANCHOR =
      """
      -----BEGIN CERTIFICATE-----
      MIIBnzCCAUWgAwIBAgIUdXJ/TJBKOdTUxUpOmusvwZHnmBowCgYIKoZIzj0EAwIw
      JTEjMCEGA1UEAwwacm9vdC5saW5rZXJkLmNsdXN0ZXIubG9jYWwwHhcNMjYxMTIy
      MjEwNjQ0WhcNMzYxMTE5MjEwNjQ0WjAlMSMwIQYDVQQDDBpyb290LmxpbmtlcmQu
      Y2x1c3Rlci5sb2NhbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEbmXSt+OMnZ
      axYiEGkkVp30b1f6mB0cS2RZsjsryZtmoUHwXqWQJ8LhoMR03gAd07KzUSwfUzV3
      rLceKMt1ML6jUzBRMB0GA1UdDgQWBBTLYB/LydxhU2ppeMjvEQkeyvizezAfBgNV
      HSMEGDAWgBTLYB/LydxhU2ppeMjvEQkeyvizezAPBgNVHRMBAf8EBTADAQH/MAoG
      CCqGSM49BAMCA0gAMEUCIC0xmbv4pDaex7vsh1pIKCMivuYZjIgzIH8P4uMqk0lx
      AiEAsCA7nesV2dZtXu0rRoJ76l6KgtaN40S5w7hwA+uShTI=
      -----END CERTIFICATE-----
      """;

  /** A certificate that has expired at {@link #NOW}. */
  public static final String EXPIRED_ANCHOR =
      """
      -----BEGIN CERTIFICATE-----
      MIIBnDCCAUOgAwIBAgIUPJpouuAnZrpreb76M+IkPaiB3mAwCgYIKoZIzj0EAwIw
      JDEiMCAGA1UEAwwZb2xkLmxpbmtlcmQuY2x1c3Rlci5sb2NhbDAeFw0yNjExMjIy
      MTA2NDRaFw0yNjExMjMyMTA2NDRaMCQxIjAgBgNVBAMMGW9sZC5saW5rZXJkLmNs
      dXN0ZXIubG9jYWwwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARG5l0rfjjJ2WsW
      IhBpJFad9G9X+pgdHEtkWbI7K8mbZqFB8F6lkCfC4aDEdN4AHdOys1EsH1M1d6y3
      HijLdTC+o1MwUTAdBgNVHQ4EFgQUy2Afy8ncYVNqaXjI7xEJHsr4s3swHwYDVR0j
      BBgwFoAUy2Afy8ncYVNqaXjI7xEJHsr4s3swDwYDVR0TAQH/BAUwAwEB/zAKBggq
      hkjOPQQDAgNHADBEAiA2QO8xiY5bV2S8CoZmP6aU7eBQI4xc/dkIFP3b/ZRUGAIg
      ee3zoFzeYbHDrOALXqWkTgbnfkisK59mMqm9EfGwU3Q=
      -----END CERTIFICATE-----
      """;

  /** The time of the tests. */
  public static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");

  /** A file that no host has, in a directory that the played one has. */
  private static final Path NO_MEMORY = Path.of("/var/lib/meshx-agent/ports-of-a-test.toml");

  private final Path root;
  private Path portMemory = NO_MEMORY;
  private final Map<String, String> agent = new TreeMap<>();
  private String machineName = "VM-1.example.org";

  private ConfigDirectory(Path root) {
    this.root = root;
  }

  /** A directory with the least that agent.toml must say, for a mode of SPIRE. */
  public static ConfigDirectory minimal(Path root, String mode) {
    ConfigDirectory directory = new ConfigDirectory(root).file("trust-anchors.pem", ANCHOR);
    directory
        .agent("mesh.trust_domain", "\"root.linkerd.cluster.local\"")
        .agent("mesh.trust_anchors", "\"trust-anchors.pem\"")
        .agent("host.addresses", "[\"192.0.2.10\"]");
    return switch (mode) {
      case "agent" -> directory.agent("spire.server", "\"spire.example.org:8081\"");
      case "external" ->
          directory
              .agent("spire.mode", "\"external\"")
              .agent("spire.socket", "\"/run/spire/agent/api.sock\"");
      case "demo" ->
          directory
              .file("trust-anchor.key", "-----BEGIN PRIVATE KEY-----\nnone\n")
              .agent("spire.mode", "\"demo\"")
              .agent("spire.trust_anchor_key", "\"trust-anchor.key\"");
      default -> throw new IllegalArgumentException(mode);
    };
  }

  /** A directory with the least that agent.toml must say for a key of it to have a meaning. */
  static ConfigDirectory least(Path root, Key<?> key) {
    if (key.when().isEmpty()) {
      return minimal(root, "agent");
    }
    Key.Condition when = key.when().get();
    return when.key().equals(AgentKeys.SPIRE_MODE)
        ? minimal(root, when.value())
        : minimal(root, "agent").attestor(when.value());
  }

  /** Another attestor, with the least that it must be told. */
  public ConfigDirectory attestor(String plugin) {
    file("host.crt", ANCHOR).file("host.key", "-----BEGIN PRIVATE KEY-----\nnone\n");
    file("intermediates.crt", ANCHOR);
    agent("spire.attestor", '"' + plugin + '"');
    for (Key<?> key : AgentKeys.ALL) {
      if (key.when().filter(when -> when.value().equals(plugin)).isPresent()
          && key.standard() instanceof Key.Standard.Required(String example, String _)) {
        agent(key.name(), example);
      }
    }
    return this;
  }

  /** Sets one key of agent.toml to a value in TOML. */
  public ConfigDirectory agent(String key, String value) {
    agent.put(key, value);
    return file("agent.toml", lines(agent));
  }

  /** Takes one key out of agent.toml. */
  public ConfigDirectory without(String key) {
    agent.remove(key);
    return file("agent.toml", lines(agent));
  }

  /** Adds a workload with the least that it must say, and keys of agent style. */
  public ConfigDirectory workload(String name, Map<String, String> keys) {
    Map<String, String> all = new TreeMap<>();
    all.put("namespace", "\"mixed-env\"");
    all.put("process.user", '"' + name + '"');
    all.putAll(keys);
    return file("workloads/" + name + ".toml", lines(all));
  }

  /** Writes a file. */
  public ConfigDirectory file(String name, String content) {
    try {
      Path file = root.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, content);
      // Some of them have keys.
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Has the ports that are chosen remembered in ports.toml of this directory, by whoever reads. */
  ConfigDirectory remembering() {
    portMemory = root.resolve("ports.toml");
    return this;
  }

  /** Sets the machine's host name. */
  public ConfigDirectory machineName(String name) {
    machineName = name;
    return this;
  }

  /** Where it is. */
  public Path root() {
    return root;
  }

  /** The line of agent.toml that a key is on. */
  public int lineOf(String key) {
    return 1 + List.copyOf(agent.keySet()).indexOf(key);
  }

  /** The configuration. */
  public AgentConfig read() throws ConfigException {
    return new ConfigReader(() -> machineName, InstantSource.fixed(NOW), portMemory).read(root);
  }

  /** The configuration, read again while another is in force. */
  AgentConfig read(AgentConfig inForce) throws ConfigException {
    return new ConfigReader(() -> machineName, InstantSource.fixed(NOW), portMemory)
        .read(root, inForce);
  }

  /** The problems as text, with the directory's own path taken away. */
  public List<String> problems() {
    try {
      return List.of("no problem: " + read());
    } catch (ConfigException e) {
      return e.problems().stream().map(each -> each.toString().replace(root + "/", "")).toList();
    }
  }

  private static String lines(Map<String, String> keys) {
    return keys.entrySet().stream()
        .map(entry -> entry.getKey() + " = " + entry.getValue() + "\n")
        .collect(Collectors.joining());
  }
}
