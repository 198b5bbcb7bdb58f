// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.unit.OurUnits;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The configuration of a SPIRE agent, in the terms of its version. It always starts from a trust
 * bundle that is given to it: there is no insecure bootstrap.
 *
 * @param trustDomain the trust domain
 * @param server the SPIRE server
 * @param version the SPIRE agent's version, {@link SpireVersion#OLDEST} or later
 * @param attestor how the host proves to the server which one it is
 * @param delegate who may ask for the SVIDs of other processes: the agent's own SPIFFE ID
 * @param withToken whether the join token is named. A SPIRE agent reads it at every start and fails
 *     without it, so it is named only until the SPIRE agent has an identity of its own.
 * @param syncInterval how often it asks the server for changes; 5 s unless given
 * @see <a href="https://github.com/spiffe/spire/blob/v1.15.3/doc/spire_agent.md">SPIRE agent
 *     configuration reference</a>
 */
public record AgentConfiguration(
    TrustDomain trustDomain,
    HostPort server,
    SpireVersion version,
    NodeAttestor attestor,
    SpiffeId delegate,
    boolean withToken,
    Optional<Duration> syncInterval) {
  /** The file's text, in JSON; the same values give the same text. */
  public String text(SpirePaths paths) {
    Map<String, Object> agent = new LinkedHashMap<>();
    agent.put("trust_domain", trustDomain.text());
    agent.put("server_address", server.host());
    agent.put("server_port", server.port().number());
    agent.put(
        "trust_bundle_path",
        paths.credential(OurUnits.SPIRE_AGENT, SpireUnits.TRUST_BUNDLE).toString());
    if (withToken) {
      agent.put(
          "join_token_file",
          paths.credential(OurUnits.SPIRE_AGENT, SpireUnits.JOIN_TOKEN).toString());
    }
    agent.put("data_dir", paths.agentData().toString());
    agent.put("socket_path", paths.publicSocket().toString());
    agent.put("admin_socket_path", paths.adminSocket().toString());
    agent.put("authorized_delegates", List.of(delegate.toString()));
    if (attestor.again()) {
      // Else one whose server came back with another root would ask for a hand for ever.
      agent.put("rebootstrap_mode", "auto");
    }
    if (version.since(SpireVersion.WITHOUT_SDS)) {
      agent.put("disable_sds_api", true);
    }
    agent.put("log_format", "json");
    agent.put("log_level", "INFO");
    syncInterval.ifPresent(
        interval -> agent.put("experimental", Map.of("sync_interval", interval.toMillis() + "ms")));
    Map<String, Object> plugins = new LinkedHashMap<>();
    plugins.put(
        "NodeAttestor",
        List.of(
            SpireJson.plugin(
                attestor.plugin(),
                attestor.data(name -> paths.credential(OurUnits.SPIRE_AGENT, name)))));
    plugins.put(
        "KeyManager",
        List.of(SpireJson.plugin("disk", Map.of("directory", paths.agentData().toString()))));
    plugins.put(
        "WorkloadAttestor",
        List.of(SpireJson.plugin("unix", Map.of()), SpireJson.plugin("systemd", Map.of())));
    return SpireJson.text("agent", agent, plugins);
  }
}
