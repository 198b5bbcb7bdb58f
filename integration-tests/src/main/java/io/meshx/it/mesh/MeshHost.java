// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import static java.util.stream.Collectors.joining;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.Cluster;
import io.meshx.it.cluster.KubeApi;
import io.meshx.it.cluster.Pki;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.host.HostSnapshot.Section;
import io.meshx.it.host.HostSpec;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A host that has, or is to have, meshx-agent: from the package, configured as a user does it, with
 * the programs that it needs where the agent looks for them.
 */
public final class MeshHost {
  /** The trust domain of every mesh of the lab. */
  public static final String TRUST_DOMAIN = "root.linkerd.cluster.local";

  public static final String PACKAGE = "meshx-agent";
  public static final String AGENT_UNIT = "meshx-agent.service";
  public static final String SPIRE_AGENT_UNIT = "meshx-spire-agent.service";
  public static final String CONFIG = "/etc/meshx-agent/agent.toml";

  /** How long a join may take on a machine that others use too. */
  public static final Duration TIME_TO_JOIN = Duration.ofSeconds(60);

  /** What a whole machine came with, as {@code sha256sum} writes it. */
  public static final String INSTALLED = "/opt/lab/installed.sha256";

  private static final String STAGED = "/root/staged";
  private static final String DOCUMENTS = "/usr/share/doc/meshx-agent/";
  private static final String ANCHORS = "/etc/meshx-agent/trust-anchors.pem";
  private static final String METRICS = "http://127.0.0.1:4192/metrics";

  /** Where identities come from. */
  public enum Mode {
    /** A SPIRE agent against the server in the cluster. */
    AGENT,
    /** A SPIRE server on the host too, with the trust anchor's key. */
    DEMO,
    /** The Workload API of a SPIRE agent that somebody else runs. */
    EXTERNAL
  }

  /** A unit's main process and the id of this run of it: both change when it is started again. */
  public record Run(int pid, String invocation) {}

  private final Host host;
  private final Pki pki;

  /** A host made from a spec of {@link #spec}, running. */
  public MeshHost(Host host, Pki pki) {
    this.host = host;
    this.pki = pki;
  }

  /**
   * A host that sees the programs: SPIRE in {@code /opt/spire/bin}, the proxy in {@code
   * /usr/lib/linkerd}, the lab's own in {@code /opt/lab/bin}.
   */
  public static HostSpec spec(String name, Debian debian) {
    Path proxies = Cache.proxy().path().getParent();
    if (proxies == null) {
      throw new LabException("finding the directory of the proxy: " + Cache.proxy());
    }
    return HostSpec.of(name, debian)
        .mounting(Cache.spire(), "/opt/spire/bin")
        .mounting(proxies, "/usr/lib/linkerd")
        .mounting(Cache.standIns(), "/opt/lab/bin");
  }

  /**
   * The package to test: the system property {@code meshx.deb}, or what the build made.
   *
   * @throws LabException when it is not there
   */
  public static Path deb() {
    Path deb =
        Path.of(System.getProperty("meshx.deb", "../packaging/target/meshx-agent_0.1.0_amd64.deb"))
            .toAbsolutePath()
            .normalize();
    if (!Files.isRegularFile(deb)) {
      throw new LabException("looking for the package '" + deb + "': it is not there; build it");
    }
    return deb;
  }

  /** The host itself. */
  public Host host() {
    return host;
  }

  public String name() {
    return host.name();
  }

  /**
   * Installs {@link #deb} as a user does, without any network. Nothing is started by it. A whole
   * machine has it from the beginning, with its checksum beside it.
   */
  public void install() {
    if (!host.exec("sha256sum", "--check", "--status", INSTALLED).succeeded()) {
      install(deb());
    }
  }

  /** Purges what a whole machine has from the beginning; other hosts have nothing of it. */
  public void uninstall() {
    if (host.exists(INSTALLED)) {
      apt("purge", PACKAGE);
      host.delete("/etc/meshx-agent");
      host.sh("rm /opt/lab/*.deb " + INSTALLED).ok();
    }
  }

  /** Installs or upgrades to a package of this machine. */
  public void install(Path deb) {
    try (Step step = Step.of("install the package on " + name())) {
      String path = "/opt/lab/" + deb.getFileName();
      host.copyIn(deb, path, "root:root", "0644");
      apt("install", path);
      host.delete(path);
      step.done();
    }
  }

  /** Runs {@code apt-get} on the host, for example {@code purge meshx-agent}. */
  public Result apt(String... command) {
    String[] options = {"apt-get", "-y", "-q", "--allow-downgrades", "--reinstall"};
    String[] argv = Arrays.copyOf(options, options.length + command.length);
    System.arraycopy(command, 0, argv, options.length, command.length);
    return host.run(Duration.ofMinutes(3), argv).ok();
  }

  /** Makes what the administrator of a host makes: {@code /workload/start} and users. */
  public void prepare(Workload... workloads) {
    host.sh("mkdir -p /workload && ln -sfn /opt/lab/bin/workload /workload/start").ok();
    for (Workload workload : workloads) {
      host.sh(
              "id -u %1$s >/dev/null 2>&1 || useradd --system --no-create-home %1$s"
                  .formatted(workload.user()))
          .ok();
    }
  }

  /** The agent.toml that a user writes for this host. */
  public Toml toml(Mode mode) {
    Toml toml =
        Toml.empty()
            .withText("mesh.trust_domain", TRUST_DOMAIN)
            .withText("mesh.trust_anchors", "trust-anchors.pem")
            .withText("host.name", name())
            .with("host.addresses", "[\"%s\", \"%s\"]".formatted(host.ipv4(), host.ipv6()))
            .with("network.pod_cidrs", "[\"%s\"]".formatted(Cluster.POD_CIDR))
            .with("network.service_cidrs", "[\"%s\"]".formatted(Cluster.SERVICE_CIDR))
            .withText("network.via", Cluster.GATEWAY.ipv4())
            .with("network.dns_servers", "[\"%s\"]".formatted(Cluster.DNS_SERVICE))
            .withText("components.proxy", "/usr/lib/linkerd/" + Cache.proxy().path().getFileName());
    return switch (mode) {
      case AGENT ->
          toml.withText("spire.mode", "agent")
              .withText("spire.server", Cluster.GATEWAY.ipv4() + ":" + SpireServer.PORT);
      case DEMO -> toml.withText("spire.mode", "demo").withText("spire.trust_anchor_key", "ca.key");
      case EXTERNAL ->
          toml.withText("spire.mode", "external").withText("spire.socket", "/run/other/api.sock");
    };
  }

  /** Writes the agent's file, with the trust anchor and in mode demo its key beside it. */
  public void configure(Toml agentToml) {
    host.write(ANCHORS, pki.anchor().certificatePem());
    if (agentToml.values().containsKey("spire.trust_anchor_key")) {
      host.write("/etc/meshx-agent/ca.key", pki.anchor().keyPem(), "root:root", "0600");
    }
    host.write(CONFIG, agentToml.text());
  }

  /** Drops a workload's file in; see {@link #prepare} for its user. */
  public void add(Workload workload) {
    host.write(workload.path(), workload.toml().text());
  }

  /** Takes a workload's file away. */
  public void drop(Workload workload) {
    host.delete(workload.path());
  }

  /**
   * Makes what the administrator of the SPIRE server makes: a token, which it writes to the host,
   * and the entries of the agent itself and of each workload's proxy. The package must be there.
   */
  public void register(SpireServer server, Workload... workloads) {
    host.write(
        "/etc/meshx-agent/join-token",
        server.token(Duration.ofMinutes(10), alias()) + "\n",
        "root:root",
        "0600");
    server.createEntry(
        alias(),
        "spiffe://" + TRUST_DOMAIN + "/meshx-agent/" + name(),
        Duration.ZERO,
        "unix:uid:0",
        "systemd:id:" + AGENT_UNIT);
    for (Workload workload : workloads) {
      registerWorkload(server, workload);
    }
  }

  /** The same file for a host that tells a cluster of its workloads; see {@link #grant}. */
  public static Toml toldTo(KubeApi api, Toml toml) {
    return toml.withText("kubernetes.server", api.address())
        .withText("kubernetes.certificate_authority", "trust-anchors.pem")
        .withText("kubernetes.propagation", "2s");
  }

  /**
   * Makes what the administrator of the cluster makes for this host, by what its own package brings
   * and prints. The configuration and the namespaces must be there.
   *
   * @param more workloads that the host does not have yet, with their files
   */
  public void grant(KubeApi api, Map<Workload, String> more) {
    api.apply(host.exec("cat", DOCUMENTS + "kubernetes/cluster.yaml").ok().stdout());
    host.sh("rm -rf %1$s && cp -a /etc/meshx-agent %1$s".formatted(STAGED)).ok();
    more.forEach(
        (workload, file) -> host.write(STAGED + "/workloads/" + workload.name() + ".toml", file));
    api.apply(meshx("entries", "--as", "kubernetes", "--config", STAGED).ok().stdout());
    host.sh("rm -rf " + STAGED).ok();
    host.write(
        "/etc/meshx-agent/kubernetes-token",
        api.token("meshx-hosts", name()) + "\n",
        "root:root",
        "0600");
  }

  /** Makes what the administrator of the cluster makes for a reaper on this host. */
  public void grantReaper(KubeApi api) {
    api.apply(host.exec("cat", DOCUMENTS + "kubernetes/reaper.yaml").ok().stdout());
    host.write(
        "/etc/meshx-agent/reaper-token",
        api.token("meshx-reaper", "reaper") + "\n",
        "root:root",
        "0600");
  }

  /** The entry of one workload's proxy alone; the id of the entry. */
  public String registerWorkload(SpireServer server, Workload workload) {
    return server.createEntry(
        alias(),
        workload.spiffeId(),
        Duration.ZERO,
        "unix:uid:" + host.exec("id", "-u", "meshx-proxy").ok().out(),
        "systemd:id:" + workload.proxyUnit());
  }

  /** The SPIFFE ID that entries name as their parent. */
  public String alias() {
    return "spiffe://" + TRUST_DOMAIN + "/meshx/" + name();
  }

  /** Enables the agent, so that it comes back at a boot, and starts it. */
  public void start() {
    host.exec("systemctl", "enable", "--quiet", "--now", AGENT_UNIT).ok();
  }

  /** Starts it and waits until it has joined. */
  public void join() {
    try (Step step = Step.of("join " + name())) {
      start();
      awaitJoined();
      step.done();
    }
  }

  /**
   * Waits until every step is done.
   *
   * @throws LabException when it takes longer than {@link #TIME_TO_JOIN}, with the status as text
   */
  public Status awaitJoined() {
    // The metrics cost a fraction of a process of the meshx command.
    return Await.value(
            TIME_TO_JOIN,
            () ->
                metrics().lines().anyMatch(line -> line.matches("meshx_joined 1(\\.0)?"))
                    ? Optional.of(status()).filter(Status::joined)
                    : Optional.<Status>empty())
        .orElseThrow(() ->
            new LabException(
                "waited %s for %s to join, in vain: %s\n%s"
                    .formatted(TIME_TO_JOIN, name(), meshx("status"), tail())));
  }

  private String tail() {
    return host.exec("journalctl", "-q", "--no-pager", "-n30", "-u", AGENT_UNIT).out();
  }

  /** Runs {@code meshx}; what it prints and its exit status are the answer. */
  public Result meshx(String... arguments) {
    String[] argv = new String[arguments.length + 1];
    argv[0] = "meshx";
    System.arraycopy(arguments, 0, argv, 1, arguments.length);
    return host.exec(Duration.ofMinutes(2), argv);
  }

  /** What {@code meshx status --json} says. */
  public Status status() {
    return Status.parse(meshx("status", "--json"));
  }

  /** The agent's own metrics; empty when it does not answer. */
  public String metrics() {
    return host.exec("curl", "-s", "--max-time", "5", METRICS).stdout();
  }

  /** The metrics of a workload's proxy. */
  public String proxyMetrics(Workload workload) {
    return host.exec(
            "curl",
            "-sS",
            "--fail",
            "--max-time",
            "5",
            "http://127.0.0.1:%d/metrics".formatted(workload.admin()))
        .ok()
        .stdout();
  }

  /**
   * A GET from inside a workload of this host, through its proxy, to a workload somewhere.
   *
   * @throws LabException when there is no answer with status 200, with what came instead
   */
  public Answer request(Workload from, String url) {
    Result result = fetch(from, url);
    return answer(result)
        .orElseThrow(() -> new LabException("a request to '%s': %s".formatted(url, result)));
  }

  /**
   * The same, tried again until it is answered: a proxy learns of what it can reach after a while.
   */
  public Answer awaitRequest(Workload from, String url) {
    Result[] last = new Result[1];
    return Await.value(
            Duration.ofSeconds(30),
            () -> {
              last[0] = fetch(from, url);
              return answer(last[0]);
            })
        .orElseThrow(() ->
            new LabException("waited for an answer of '%s', in vain: %s".formatted(url, last[0])));
  }

  /** A GET from inside a workload, whatever comes of it; its output is the workload's JSON. */
  public Result fetch(Workload from, String url) {
    return host.exec(
        "curl",
        "-sS",
        "--max-time",
        "10",
        "http://127.0.0.1:%d/fetch?url=%s"
            .formatted(from.port(), URLEncoder.encode(url, StandardCharsets.UTF_8)));
  }

  /** Requests at a steady rate, as the workload's user and so through its proxy. */
  public Load load(Workload as, String url, int perSecond) {
    return Load.start(host, as, url, perSecond, List.of());
  }

  /** The same from a unit that is held to the loopback interface as the workload's own is. */
  public Load closedLoad(Workload as, String url, int perSecond) {
    String filter = "/sys/fs/bpf/meshx/loopback-only-1";
    return Load.start(
        host,
        as,
        url,
        perSecond,
        List.of(
            "--property=IPIngressFilterPath=" + filter, "--property=IPEgressFilterPath=" + filter));
  }

  private static Optional<Answer> answer(Result fetched) {
    if (!fetched.succeeded()) {
      return Optional.empty();
    }
    try {
      JsonObject outer = JsonParser.parseString(fetched.stdout()).getAsJsonObject();
      if (!outer.has("status") || outer.get("status").getAsInt() != 200 || !outer.has("body")) {
        return Optional.empty();
      }
      return Optional.ofNullable(
          new Gson().fromJson(outer.get("body").getAsString(), Answer.class));
    } catch (JsonParseException | IllegalStateException e) {
      return Optional.empty();
    }
  }

  /**
   * The units that carry traffic and identities, all but the agent itself, by name, with what runs
   * in them now.
   */
  public SortedMap<String, Run> dataPlane() {
    String shown =
        host.exec(
                "systemctl",
                "show",
                "--property=Id,ActiveState,MainPID,InvocationID",
                "meshx-*.service")
            .ok()
            .stdout();
    SortedMap<String, Run> found = new TreeMap<>();
    for (String block : shown.split("\n\n", -1)) {
      TreeMap<String, String> properties = new TreeMap<>();
      block
          .lines()
          .forEach(line -> {
            int at = line.indexOf('=');
            if (at > 0) {
              properties.put(line.substring(0, at), line.substring(at + 1));
            }
          });
      String id = properties.getOrDefault("Id", AGENT_UNIT);
      if (!id.equals(AGENT_UNIT) && "active".equals(properties.get("ActiveState"))) {
        found.put(
            id,
            new Run(
                Integer.parseInt(properties.getOrDefault("MainPID", "0")),
                properties.getOrDefault("InvocationID", "")));
      }
    }
    return found;
  }

  /** What runs in a unit now; process 0 when none does. */
  public Run run(String unit) {
    return dataPlane().getOrDefault(unit, new Run(0, ""));
  }

  /** The nat rules of both families and our own table, but for counters and times. */
  public String rules() {
    return host.sh(
            "iptables-save; ip6tables-save; nft --stateless list table inet meshx 2>&1 || true")
        .ok()
        .stdout()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.replaceAll("\\s*\\[\\d+:\\d+\\]", ""))
        .reduce("", (all, line) -> all + line + "\n");
  }

  /** Those of these rules that are ours; tables of others may come and go. */
  public String ourRules() {
    return rules().lines().filter(line -> line.contains("meshx/")).collect(joining("\n"));
  }

  /** Ends a unit's main process at once, and waits until systemd has started another one. */
  public void kill9(String unit) {
    String before = invocation(unit);
    host.exec("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit).ok();
    Await.until(
        unit + " to run again",
        Duration.ofSeconds(60),
        () ->
            !invocation(unit).equals(before)
                && host.exec("systemctl", "is-active", "--quiet", unit).succeeded());
  }

  private String invocation(String unit) {
    return host.exec("systemctl", "show", "--property=InvocationID", "--value", unit).ok().out();
  }

  @Override
  public String toString() {
    return host.toString();
  }

  /**
   * The host as it is, without what SPIRE keeps of its identity: that outlives {@code meshx down},
   * since a host whose token is spent could not join again without it.
   */
  public HostSnapshot snapshot() {
    HostSnapshot now = HostSnapshot.of(host);
    Map<Section, String> sections = new EnumMap<>(now.sections());
    sections.computeIfPresent(
        Section.FILES,
        (_, files) ->
            files
                .lines()
                .filter(line -> !line.startsWith("/var/lib/meshx-agent/spire"))
                .collect(Collectors.joining("\n")));
    return new HostSnapshot(sections);
  }
}
