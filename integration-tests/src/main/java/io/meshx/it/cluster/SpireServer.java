// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cluster;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.it.cache.Cache;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A real SPIRE server in the cluster, with its authority under the trust anchor of a {@link Pki}.
 * Entries and tokens are made through its own command line. It reads its entries again every
 * second.
 */
public final class SpireServer implements AutoCloseable {
  /** The port that agents use, at the address of {@link Cluster#GATEWAY}. */
  public static final int PORT = 8081;

  /**
   * How it is set up.
   *
   * @param trustDomain without {@code spiffe://}
   * @param svidTtl how long an SVID of a workload lives unless its entry says otherwise; a tenth of
   *     a minute is possible, and then an agent renews it at every synchronization
   * @param agentTtl how long an agent may be away before its token is of no use any more
   * @param caTtl how long its own authority lives; no SVID lives longer
   */
  public record Settings(String trustDomain, Duration svidTtl, Duration agentTtl, Duration caTtl) {
    /** An hour for SVIDs and agents, a day for the authority. */
    public static final Settings DEFAULT =
        new Settings(
            "root.linkerd.cluster.local",
            Duration.ofHours(1),
            Duration.ofHours(1),
            Duration.ofHours(24));

    /** The same with another life for SVIDs. */
    public Settings withSvidTtl(Duration ttl) {
      return new Settings(trustDomain, ttl, agentTtl, caTtl);
    }

    /** The same with another life for agents. */
    public Settings withAgentTtl(Duration ttl) {
      return new Settings(trustDomain, svidTtl, ttl, caTtl);
    }

    /** The same with another trust domain. */
    public Settings withTrustDomain(String name) {
      return new Settings(name, svidTtl, agentTtl, caTtl);
    }
  }

  private final Cluster cluster;
  private final Settings settings;
  private final Path program;
  private final Path directory;
  private final Path socket;
  private final Path configuration;
  private final Path anchor;
  private final Path key;
  private final Pki hosts = Pki.create("hosts of a lab");
  private @Nullable Daemon daemon;

  private SpireServer(Cluster cluster, Pki pki, Settings settings) throws IOException {
    this.cluster = cluster;
    this.settings = settings;
    this.program = Cache.spire().resolve("spire-server");
    this.directory = cluster.directory("spire-server");
    this.socket = directory.resolve("private/api.sock");
    this.configuration = directory.resolve("server.json");
    this.anchor = directory.resolve("anchor.pem");
    this.key = directory.resolve("anchor.key");
    pki.anchor().write(anchor, key);
    Path hostsAnchor = directory.resolve("hosts.pem");
    hosts.anchor().write(hostsAnchor, directory.resolve("hosts.key"));
    Files.writeString(configuration, configuration(anchor, key, hostsAnchor));
  }

  /**
   * Starts a server with an empty data store, at most one in a cluster at a time.
   *
   * @throws LabException when its program is not built or it does not get healthy
   */
  public static SpireServer start(Cluster cluster, Pki pki, Settings settings) {
    try {
      SpireServer server = new SpireServer(cluster, pki, settings);
      server.start();
      return server;
    } catch (IOException e) {
      throw new LabException("setting up the SPIRE server", e);
    }
  }

  private String configuration(Path anchor, Path key, Path hostsAnchor) {
    Map<String, Object> server =
        Map.ofEntries(
            Map.entry("bind_address", Cluster.GATEWAY.ipv4()),
            Map.entry("bind_port", PORT),
            Map.entry("trust_domain", settings.trustDomain()),
            Map.entry("data_dir", directory.resolve("data").toString()),
            Map.entry("socket_path", socket.toString()),
            Map.entry("log_level", "DEBUG"),
            Map.entry("log_format", "json"),
            Map.entry("ca_ttl", seconds(settings.caTtl())),
            Map.entry("agent_ttl", seconds(settings.agentTtl())),
            Map.entry("default_x509_svid_ttl", seconds(settings.svidTtl())),
            Map.entry("experimental", Map.of("cache_reload_interval", "1s")));
    Map<String, Object> plugins =
        Map.of(
            "DataStore",
            plugin(
                "sql",
                Map.of(
                    "database_type",
                    "sqlite3",
                    "connection_string",
                    directory.resolve("datastore.sqlite3").toString())),
            "KeyManager",
            plugin("disk", Map.of("keys_path", directory.resolve("keys.json").toString())),
            "NodeAttestor",
            List.of(
                plugin("join_token", Map.of()).getFirst(),
                plugin("x509pop", Map.of("ca_bundle_path", hostsAnchor.toString())).getFirst()),
            "UpstreamAuthority",
            plugin(
                "disk",
                Map.of("cert_file_path", anchor.toString(), "key_file_path", key.toString())));
    return new Gson().toJson(Map.of("server", server, "plugins", plugins));
  }

  private static List<Map<String, Object>> plugin(String name, Map<String, String> data) {
    return List.of(Map.of(name, Map.of("plugin_data", data)));
  }

  private static String seconds(Duration duration) {
    return duration.toSeconds() + "s";
  }

  /** Where agents reach it, as {@code HOST:PORT}. */
  public String address() {
    return Cluster.GATEWAY.ipv4() + ":" + PORT;
  }

  public Settings settings() {
    return settings;
  }

  /** Starts it, with the data it had when it was stopped. No harm if it runs. */
  public void start() {
    if (daemon != null && daemon.alive()) {
      return;
    }
    try (Step step = Step.of("start the SPIRE server")) {
      Daemon started =
          cluster.start(
              "spire-server",
              List.of(program.toString(), "run", "-config", configuration.toString()),
              Map.of());
      daemon = started;
      started.awaitReady(
          "healthy",
          Duration.ofSeconds(30),
          () -> Files.exists(socket) && cli("healthcheck").succeeded());
      step.done();
    }
  }

  /** Ends it; agents find nobody. */
  public void stop() {
    if (daemon != null) {
      daemon.stop();
    }
  }

  /** Ends it and starts it with its data. */
  public void restart() {
    stop();
    start();
  }

  /**
   * Makes a join token, good for one agent.
   *
   * @param ttl how long it may be used, in whole seconds
   * @param alias a SPIFFE ID that the agent gets beside its own, which entries name as their
   *     parent; empty for none
   */
  public String token(Duration ttl, String alias) {
    List<String> argv =
        new ArrayList<>(List.of("token", "generate", "-ttl", Long.toString(ttl.toSeconds())));
    if (!alias.isEmpty()) {
      argv.addAll(List.of("-spiffeID", alias));
    }
    return text(json(argv), "value");
  }

  /**
   * Makes a registration entry.
   *
   * @param parent SPIFFE ID of the agent or an alias of it
   * @param ttl life of its SVIDs in whole seconds; zero for the server's default
   * @param selectors such as {@code unix:uid:2102}; all must hold
   * @return the id of the entry
   */
  public String createEntry(String parent, String spiffeId, Duration ttl, String... selectors) {
    List<String> argv =
        new ArrayList<>(
            List.of(
                "entry",
                "create",
                "-parentID",
                parent,
                "-spiffeID",
                spiffeId,
                "-x509SVIDTTL",
                Long.toString(ttl.toSeconds())));
    for (String selector : selectors) {
      argv.addAll(List.of("-selector", selector));
    }
    return text(only(json(argv), "results").getAsJsonObject("entry"), "id");
  }

  /**
   * Gives the SVIDs of an entry another life.
   *
   * @param entry its id
   * @param ttl in whole seconds; zero for the server's default
   */
  public void shorten(String entry, Duration ttl) {
    JsonObject shown = only(json(List.of("entry", "show", "-entryID", entry)), "entries");
    List<String> argv =
        new ArrayList<>(
            List.of(
                "entry",
                "update",
                "-entryID",
                entry,
                "-parentID",
                id(shown.getAsJsonObject("parent_id")),
                "-spiffeID",
                id(shown.getAsJsonObject("spiffe_id")),
                "-x509SVIDTTL",
                Long.toString(ttl.toSeconds())));
    for (JsonElement selector : shown.getAsJsonArray("selectors")) {
      argv.add("-selector");
      argv.add(
          text(selector.getAsJsonObject(), "type")
              + ":"
              + text(selector.getAsJsonObject(), "value"));
    }
    cli(argv.toArray(String[]::new)).ok();
  }

  private static String id(JsonObject id) {
    return "spiffe://" + text(id, "trust_domain") + text(id, "path");
  }

  /** Whose certificates the attestor x509pop takes. */
  public Pki hosts() {
    return hosts;
  }

  /** Gives every agent with these selectors a SPIFFE ID beside its own. */
  public void createNode(String alias, String selector) {
    cli("entry", "create", "-node", "-spiffeID", alias, "-selector", selector).ok();
  }

  /** Has it use another authority under the same root, at once. */
  public void rotateAuthority() {
    activate(prepare());
  }

  /**
   * Has it prepare an authority under another root, which is in the trust bundle from then on.
   *
   * @return what {@link #activate} takes
   */
  public String prepareRoot(Pki next) {
    next.anchor().write(anchor, key);
    return prepare();
  }

  private String prepare() {
    JsonObject prepared = json(List.of("localauthority", "x509", "prepare"));
    return text(prepared.getAsJsonObject("prepared_authority"), "authority_id");
  }

  /** Has it use an authority that it has prepared. */
  public void activate(String authority) {
    cli("localauthority", "x509", "activate", "-authorityID", authority).ok();
  }

  /** Removes a registration entry by its id. */
  public void deleteEntry(String id) {
    cli("entry", "delete", "-entryID", id).ok();
  }

  /** The entries there are, as the server prints them. */
  public JsonArray entries() {
    JsonArray entries = json(List.of("entry", "show")).getAsJsonArray("entries");
    return entries == null ? new JsonArray() : entries;
  }

  /** The agents that have joined, as the server prints them. */
  public JsonArray agents() {
    JsonArray agents = json(List.of("agent", "list")).getAsJsonArray("agents");
    return agents == null ? new JsonArray() : agents;
  }

  /** The certificates that its SVIDs are verified with, as PEM. */
  public String bundle() {
    return cli("bundle", "show", "-format", "pem").ok().stdout();
  }

  /** What it has logged, one JSON object a line. */
  public String log() {
    return daemon == null ? "" : daemon.log();
  }

  /**
   * Runs a command of {@code spire-server} against it, such as {@code agent evict -spiffeID ID}.
   *
   * @param argv the command, its sub-command and their options; the socket is added
   */
  public Result cli(String... argv) {
    List<String> all = new ArrayList<>();
    all.add(program.toString());
    all.addAll(Arrays.asList(argv));
    all.addAll(List.of("-socketPath", socket.toString()));
    return cluster.run(all.toArray(String[]::new));
  }

  private JsonObject json(List<String> argv) {
    List<String> all = new ArrayList<>(argv);
    all.addAll(List.of("-output", "json"));
    Result result = cli(all.toArray(String[]::new)).ok();
    try {
      JsonElement parsed = JsonParser.parseString(result.stdout());
      if (parsed.isJsonObject()) {
        return parsed.getAsJsonObject();
      }
      throw new LabException("expected a JSON object: " + result);
    } catch (JsonParseException e) {
      throw new LabException("reading what came back as JSON: " + result, e);
    }
  }

  private static JsonObject only(JsonObject in, String key) {
    JsonArray all = in.getAsJsonArray(key);
    if (all == null || all.size() != 1) {
      throw new LabException("expected one element of '%s' in %s".formatted(key, in));
    }
    JsonObject found = all.get(0).getAsJsonObject();
    JsonObject status = found.getAsJsonObject("status");
    if (status != null && status.has("code") && status.get("code").getAsInt() != 0) {
      throw new LabException("the SPIRE server refused: " + found);
    }
    return found;
  }

  private static String text(JsonObject in, String key) {
    JsonElement value = in.get(key);
    if (value == null || !value.isJsonPrimitive()) {
      throw new LabException("expected a text '%s' in %s".formatted(key, in));
    }
    return value.getAsString();
  }

  @Override
  public void close() {
    if (daemon != null) {
      daemon.close();
    }
  }
}
