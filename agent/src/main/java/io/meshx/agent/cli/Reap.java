// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.Port;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.Material;
import io.meshx.agent.status.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code meshx reaper}: tells peers of hosts that died. */
@Command(
    name = "reaper",
    description = {
      "Runs until it is stopped, and has peers choose no workload of a host that renews its lease"
          + " in the cluster no more: one that lost its power, for example.",
      "Run it anywhere, best in two places: one acts, the other takes over. What it may do in the"
          + " cluster is in /usr/share/doc/meshx-agent/kubernetes/reaper.yaml.",
      "Without --server it takes the cluster it runs in, or else that of this host's configuration."
    },
    mixinStandardHelpOptions = true)
public final class Reap implements Callable<Integer> {
  private static final Path IN_CLUSTER = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
  private static final String TOKEN = "reaper-token";

  @Option(names = "--server", paramLabel = "https://HOST:PORT", description = "The Kubernetes API.")
  private @Nullable String server;

  @Option(
      names = "--certificate-authority",
      paramLabel = "FILE",
      description = "PEM file with the certificates by which the API server is recognised.")
  private @Nullable Path authority;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "File with the bearer token; read anew for each request (default on a host:"
              + " /etc/meshx-agent/reaper-token).")
  private @Nullable Path token;

  @Option(
      names = "--at-most",
      paramLabel = "PERCENT",
      description =
          "If more of the hosts than that fall silent at once, say nothing of them (default:"
              + " ${DEFAULT-VALUE}). One host may always be lost.")
  private int atMost = 50;

  /** For picocli. */
  public Reap() {}

  @Override
  public Integer call() {
    JournalFormat.install();
    if (atMost < 1 || atMost > 100) {
      return Say.why(ExitStatus.USAGE, "--at-most takes a number from 1 to 100, not " + atMost);
    }
    ApiAccess access;
    try {
      access = access();
    } catch (IllegalArgumentException e) {
      return Say.why(ExitStatus.USAGE, String.valueOf(e.getMessage()));
    } catch (ConfigException e) {
      return Say.why(ExitStatus.CONFIG, String.valueOf(e.getMessage()));
    }
    for (Path needed : files(access)) {
      if (!Files.isReadable(needed)) {
        return Say.why(
            ExitStatus.CONFIG,
            "'"
                + needed
                + "' does not exist or cannot be read; kubernetes/reaper.yaml says how it is made");
      }
    }
    LoggerFactory.getLogger(Reap.class)
        .info("meshx reaper {} starts for https://{}", Build.own().version(), access.server());
    try {
      Wiring.reap(access, atMost);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitStatus.FAILED.code();
    }
    return ExitStatus.OK.code();
  }

  private static List<Path> files(ApiAccess access) {
    List<Material> all = new ArrayList<>(List.of(access.authority()));
    switch (access.credentials()) {
      case ApiAccess.Credentials.Token(Material text) -> all.add(text);
      case ApiAccess.Credentials.Certificate(Material certificate, Material key) ->
          all.addAll(List.of(certificate, key));
    }
    List<Path> files = new ArrayList<>();
    for (Material each : all) {
      if (each instanceof Material.InFile(Path path)) {
        files.add(path);
      }
    }
    return files;
  }

  private ApiAccess access() throws ConfigException {
    String host = System.getenv("KUBERNETES_SERVICE_HOST");
    String port = System.getenv("KUBERNETES_SERVICE_PORT");
    if (server != null) {
      if (authority == null || token == null) {
        throw new IllegalArgumentException(
            "--server needs --certificate-authority and --token-file beside it");
      }
      return with(ApiAccess.address(server), new Material.InFile(authority), token);
    }
    if (host != null && port != null && Files.isDirectory(IN_CLUSTER)) {
      return with(
          new HostPort(host, new Port(Integer.parseInt(port))),
          new Material.InFile(authority == null ? IN_CLUSTER.resolve("ca.crt") : authority),
          token == null ? IN_CLUSTER.resolve("token") : token);
    }
    AgentConfig.Kubernetes configured =
        Wiring.configReader()
            .read(Directories.CONFIG)
            .kubernetes()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "no cluster: give --server, or set kubernetes.server in '"
                        + Directories.CONFIG.resolve("agent.toml")
                        + "'"));
    ApiAccess of = configured.access().api();
    return with(
        of.server(),
        authority == null ? of.authority() : new Material.InFile(authority),
        token == null ? Directories.CONFIG.resolve(TOKEN) : token);
  }

  private static ApiAccess with(HostPort server, Material authority, Path token) {
    return new ApiAccess(
        server, authority, new ApiAccess.Credentials.Token(new Material.InFile(token)));
  }
}
