// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.model.Capability;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The units of the SPIRE agent and of the demo mode's SPIRE server. Both run unprivileged. Files
 * that their user cannot read reach them as systemd credentials, so that a token or a key can stay
 * readable by root only.
 */
public final class SpireUnits {
  static final String JOIN_TOKEN = "join-token";
  static final String TRUST_BUNDLE = "trust-bundle.pem";
  static final String ANCHOR = "trust-anchor.crt";
  static final String ANCHOR_KEY = "trust-anchor.key";

  private static final int FIRST_UNPRIVILEGED = 1024;

  /** May open the TPM where the package tpm-udev is installed. */
  private static final String TPM_GROUP = "tss";

  private static final Duration RESTART_DELAY = Duration.ofSeconds(1);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

  private SpireUnits() {}

  /**
   * The SPIRE agent. It has no way to say that it is ready; its public socket appears when it has
   * an identity and has seen the entries.
   *
   * @param program spire-agent
   * @param trustBundle PEM file with the server's trust bundle
   * @param attestor how the host proves which one it is
   * @param token file with the join token, as long as {@link AgentConfiguration#withToken} is true
   * @param proofChanged when somebody last put there what proves the host: the token or the
   *     attestor's files. A change makes another spec, since a SPIRE agent reads them at its start
   *     only. Empty when nobody else makes it.
   * @param config digest of what the user configured for it
   */
  public static UnitSpec agent(
      SpirePaths paths,
      Path program,
      Path trustBundle,
      NodeAttestor attestor,
      Optional<Path> token,
      Optional<Instant> proofChanged,
      Digest config) {
    TreeMap<String, Path> credentials = new TreeMap<>(Map.of(TRUST_BUNDLE, trustBundle));
    credentials.putAll(attestor.files());
    token.ifPresent(file -> credentials.put(JOIN_TOKEN, file));
    UnitSpec.Builder unit =
        service(
                OurUnits.SPIRE_AGENT,
                "SPIRE agent of meshx-agent",
                writable(paths.agentDirectories()),
                config)
            .exec(
                List.of(
                    program.toString(), "run", "-config", paths.agentConfiguration().toString()))
            .credentials(credentials);
    // The file goes when it has been used. A start after that, by systemd alone, must not fail for
    // want of it.
    token.ifPresent(_ -> unit.mayBeGone(JOIN_TOKEN));
    proofChanged.ifPresent(
        time -> unit.environment(new TreeMap<>(Map.of("PROOF_CHANGED", time.toString()))));
    privileges(attestor, unit);
    return unit.build();
  }

  private static void privileges(NodeAttestor attestor, UnitSpec.Builder unit) {
    switch (attestor) {
      case NodeAttestor.HttpChallenge challenge -> {
        if (challenge.port().number() < FIRST_UNPRIVILEGED) {
          Property low =
              new Property.Unsigned(Capability.mask(List.of(Capability.CAP_NET_BIND_SERVICE)));
          unit.set("AmbientCapabilities", low).set("CapabilityBoundingSet", low);
        }
      }
      case NodeAttestor.TpmDevId _ ->
          unit.set("SupplementaryGroups", new Property.Strings(List.of(TPM_GROUP)))
              .set("PrivateDevices", new Property.Flag(false));
      case NodeAttestor.JoinToken _,
          NodeAttestor.X509Pop _,
          NodeAttestor.SshPop _,
          NodeAttestor.AwsIid _,
          NodeAttestor.GcpIit _,
          NodeAttestor.AzureImds _ -> {}
    }
  }

  /**
   * The demo mode's SPIRE server.
   *
   * @param program spire-server
   * @param trustAnchor PEM file with the trust anchor: exactly one self-signed certificate
   * @param trustAnchorKey PEM file with its private key
   * @param config digest of what the user configured for it
   */
  public static UnitSpec server(
      SpirePaths paths, Path program, Path trustAnchor, Path trustAnchorKey, Digest config) {
    return service(
            OurUnits.SPIRE_SERVER,
            "SPIRE server of meshx-agent, for demonstration only",
            writable(paths.serverDirectories()),
            config)
        .exec(List.of(program.toString(), "run", "-config", paths.serverConfiguration().toString()))
        .credentials(new TreeMap<>(Map.of(ANCHOR, trustAnchor, ANCHOR_KEY, trustAnchorKey)))
        .build();
  }

  // SPIRE gives up after a minute without its server, so a limit on starts would end the wait.
  private static UnitSpec.Builder service(
      UnitName name, String description, List<Path> writable, Digest config) {
    return UnitSpec.service(name, config, description)
        .user(SpirePaths.USER)
        .slice(OurUnits.INFRA_SLICE)
        .restart("always", RESTART_DELAY)
        .set("StartLimitIntervalUSec", new Property.Unsigned(0))
        .sandboxed(writable)
        .set("PrivateTmp", new Property.Flag(true))
        // The SPIRE agent looks at the processes that ask it.
        .set("ProtectProc", new Property.Text("default"))
        .timeoutStop(STOP_TIMEOUT);
  }

  private static List<Path> writable(List<HostFile> directories) {
    return directories.stream()
        .filter(directory -> directory.owner().equals(SpirePaths.USER))
        .map(HostFile::path)
        .toList();
  }
}
