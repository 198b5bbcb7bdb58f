// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.host.Attestation;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.proxy.ProxyUnit;
import io.meshx.agent.spire.AgentConfiguration;
import io.meshx.agent.spire.NodeAttestor;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.spire.Registrations;
import io.meshx.agent.spire.ServerConfiguration;
import io.meshx.agent.spire.SpirePaths;
import io.meshx.agent.spire.SpireUnits;
import io.meshx.agent.spire.SpireVersion;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a configuration wants of SPIRE on a host.
 *
 * @param config the configuration
 * @param paths where SPIRE's files and sockets are
 * @param facts the host
 */
record SpireBlueprint(AgentConfig config, SpirePaths paths, HostFacts facts) {
  /** In a demonstration a new entry should not take long to arrive. */
  private static final Duration DEMO_SYNC = Duration.ofSeconds(1);

  Desired.Identity identity() {
    return switch (config.spire()) {
      case AgentConfig.Spire.External external ->
          new Desired.Identity.External(
              external.socket(), facts.files().containsKey(external.socket()));
      case AgentConfig.Spire.Agent agent ->
          managed(agent.server(), agent.trustBundleFile(), agent.attestor(), Optional.empty());
      case AgentConfig.Spire.Demo demo ->
          managed(
              new HostPort("127.0.0.1", demo.port()),
              config.mesh().trustAnchorsFile(),
              new NodeAttestor.JoinToken(paths.joinToken()),
              Optional.of(demo(demo)));
    };
  }

  private Desired.Identity.Managed managed(
      HostPort server, Path trustBundle, NodeAttestor attestor, Optional<Desired.Demo> demo) {
    Optional<Path> token =
        attestor instanceof NodeAttestor.JoinToken(Path file)
            ? Optional.of(file)
            : Optional.empty();
    boolean withToken = token.isPresent() && !facts.attested();
    List<HostFile> files = new ArrayList<>(paths.agentDirectories());
    files.add(
        paths.agentFile(
            new AgentConfiguration(
                config.mesh().trustDomain(),
                server,
                version().orElse(SpireVersion.OLDEST),
                attestor,
                registrations().agentId(),
                withToken,
                demo.isPresent() ? Optional.of(DEMO_SYNC) : Optional.empty())));
    return new Desired.Identity.Managed(
        files,
        agent(trustBundle, attestor, withToken ? token : Optional.empty()),
        registrations().agentId(),
        registrations().alias(),
        throughCluster(server.host()),
        facts.attested(),
        token
            .filter(_ -> withToken && demo.isEmpty())
            .map(file -> new Desired.JoinToken(file, facts.files().containsKey(file), ended())),
        token
            .filter(file -> facts.attested() && facts.files().containsKey(file))
            .map(file ->
                new Desired.SpentToken(file, agent(trustBundle, attestor, token).fingerprint())),
        demo);
  }

  private Optional<Instant> ended() {
    return switch (facts.attestation()) {
      case Attestation.None _, Attestation.Valid _ -> Optional.empty();
      case Attestation.Expired(Instant at) -> Optional.of(at);
    };
  }

  private UnitSpec agent(Path trustBundle, NodeAttestor attestor, Optional<Path> token) {
    return SpireUnits.agent(
        paths,
        config.components().spireAgent(),
        trustBundle,
        attestor,
        token,
        proofChanged(attestor, token),
        config.given());
  }

  /** Nobody asks about the demonstration's token: it is ours, and no change of it is news. */
  private Optional<Instant> proofChanged(NodeAttestor attestor, Optional<Path> token) {
    return Stream.concat(attestor.files().values().stream(), token.stream())
        .flatMap(file -> Optional.ofNullable(facts.files().get(file)).stream())
        .max(Instant::compareTo);
  }

  private Optional<SpireVersion> version() {
    return Optional.ofNullable(facts.versions().get(config.components().spireAgent()))
        .flatMap(SpireVersion::parse);
  }

  /** What is wrong with the SPIRE agent's version, if it is there and we are to run it. */
  Optional<String> lacking() {
    Path program = config.components().spireAgent();
    if (config.spire() instanceof AgentConfig.Spire.External
        || !facts.executables().contains(program)) {
      return Optional.empty();
    }
    SpireVersion needed =
        config.spire() instanceof AgentConfig.Spire.Agent agent
                && agent.attestor() instanceof NodeAttestor.AzureImds
            ? SpireVersion.AZURE_IMDS
            : SpireVersion.OLDEST;
    Optional<SpireVersion> found = version();
    if (found.isEmpty()) {
      return Optional.of(
          "a SPIRE agent that says its version: '" + program + " --version' does not");
    }
    return found.get().since(needed)
        ? Optional.empty()
        : Optional.of(
            "spire-agent "
                + needed
                + " or later: '"
                + program
                + "' is "
                + found.get()
                + "; install a newer one or set components.spire_agent");
  }

  /** Whether a server is reached by a name of the cluster or an address in its networks. */
  private boolean throughCluster(String host) {
    return host.endsWith("." + config.mesh().clusterDomain())
        || config
            .network()
            .map(network ->
                Stream.concat(network.podCidrs().stream(), network.serviceCidrs().stream())
                    .anyMatch(cidr -> isAddress(host) && cidr.contains(IpAddress.parse(host))))
            .orElse(false);
  }

  private static boolean isAddress(String host) {
    return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }

  private Desired.Demo demo(AgentConfig.Spire.Demo demo) {
    TreeSet<Registration> registrations = new TreeSet<>();
    registrations.add(registrations().agent());
    config
        .workloads()
        .values()
        .forEach(workload -> {
          registration(workload).ifPresent(registrations::add);
          ownRegistration(workload).ifPresent(registrations::add);
        });
    List<HostFile> files = new ArrayList<>(paths.serverDirectories());
    files.add(
        paths.serverFile(
            new ServerConfiguration(config.mesh().trustDomain(), demo.port(), demo.svidTtl())));
    return new Desired.Demo(
        files,
        SpireUnits.server(
            paths,
            config.components().spireServer(),
            config.mesh().trustAnchorsFile(),
            demo.trustAnchorKey(),
            config.given()),
        registrations().alias(),
        registrations,
        facts.attested() ? Optional.empty() : Optional.of(paths.joinToken()));
  }

  private Registrations registrations() {
    return new Registrations(config.mesh().trustDomain(), config.host().name());
  }

  /**
   * The entry of a workload's own process; empty while it needs none or its user does not exist.
   */
  Optional<Registration> ownRegistration(AgentConfig.Workload workload) {
    return workload
        .svid()
        .flatMap(svid -> Optional.ofNullable(facts.uids().get(svid.owner())))
        .map(uid -> registrations().workload(workload.id(), workload.unit(), uid));
  }

  /** The entry of a workload's proxy; empty while its user does not exist. */
  Optional<Registration> registration(AgentConfig.Workload workload) {
    return Optional.ofNullable(facts.uids().get(ProxyUnit.USER))
        .map(uid -> registrations().proxy(workload.id(), OurUnits.proxy(workload.name()), uid));
  }
}
