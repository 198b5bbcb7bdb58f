// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.model.Port;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.unit.OurUnits;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The configuration of the demo mode's SPIRE server: on loopback only, issuing under the mesh's
 * trust anchor, whose private key must therefore be on this host.
 *
 * <p>Its intermediate CA is valid for six weeks, or six times an SVID if that is more, which is
 * what SPIRE wants so that no SVID is cut short; it never outlives the trust anchor. A SPIRE
 * agent's own identity is valid for a week, so that a host can be off for days.
 *
 * @param trustDomain the trust domain
 * @param port TCP port on 127.0.0.1
 * @param svidTtl validity of each SVID, at least a second
 * @see <a href="https://github.com/spiffe/spire/blob/v1.15.3/doc/spire_server.md">SPIRE server
 *     configuration reference</a>
 */
public record ServerConfiguration(TrustDomain trustDomain, Port port, Duration svidTtl) {
  private static final Duration AGENT_TTL = Duration.ofDays(7);
  private static final int CA_TTL_FACTOR = 6;

  /** The file's text, in JSON; the same values give the same text. */
  public String text(SpirePaths paths) {
    Duration longest = svidTtl.compareTo(AGENT_TTL) > 0 ? svidTtl : AGENT_TTL;
    Map<String, Object> server = new LinkedHashMap<>();
    server.put("trust_domain", trustDomain.text());
    server.put("bind_address", "127.0.0.1");
    server.put("bind_port", Integer.toString(port.number()));
    server.put("data_dir", paths.serverData().toString());
    server.put("socket_path", paths.serverSocket().toString());
    server.put("ca_ttl", seconds(longest.multipliedBy(CA_TTL_FACTOR)));
    server.put("default_x509_svid_ttl", seconds(svidTtl));
    server.put("agent_ttl", seconds(AGENT_TTL));
    server.put("log_format", "json");
    server.put("log_level", "INFO");
    server.put("experimental", Map.of("cache_reload_interval", "1s"));
    Map<String, Object> plugins = new LinkedHashMap<>();
    plugins.put(
        "DataStore",
        List.of(
            SpireJson.plugin(
                "sql",
                sorted(
                    "connection_string",
                    paths.serverData().resolve("datastore.sqlite3").toString(),
                    "database_type",
                    "sqlite3"))));
    plugins.put(
        "KeyManager",
        List.of(
            SpireJson.plugin(
                "disk", Map.of("keys_path", paths.serverData().resolve("keys.json").toString()))));
    plugins.put("NodeAttestor", List.of(SpireJson.plugin("join_token", Map.of())));
    plugins.put(
        "UpstreamAuthority",
        List.of(
            SpireJson.plugin(
                "disk",
                sorted(
                    "cert_file_path",
                    paths.credential(OurUnits.SPIRE_SERVER, SpireUnits.ANCHOR).toString(),
                    "key_file_path",
                    paths.credential(OurUnits.SPIRE_SERVER, SpireUnits.ANCHOR_KEY).toString()))));
    return SpireJson.text("server", server, plugins);
  }

  private static Map<String, String> sorted(
      String key1, String value1, String key2, String value2) {
    return new TreeMap<>(Map.of(key1, value1, key2, value2));
  }

  private static String seconds(Duration duration) {
    return duration.toSeconds() + "s";
  }
}
