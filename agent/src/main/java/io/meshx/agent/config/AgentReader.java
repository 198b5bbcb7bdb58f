// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.Components;
import io.meshx.agent.config.AgentConfig.Host;
import io.meshx.agent.config.AgentConfig.Kubernetes;
import io.meshx.agent.config.AgentConfig.Mesh;
import io.meshx.agent.config.AgentConfig.Metrics;
import io.meshx.agent.config.AgentConfig.Network;
import io.meshx.agent.config.AgentConfig.PacketFilter;
import io.meshx.agent.config.AgentConfig.Spire;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.Material;
import io.meshx.agent.spire.NodeAttestor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** Checks and assembles what agent.toml and conf.d/*.toml say. */
final class AgentReader {
  private final Path directory;
  private final Entries entries;
  private final Findings findings;
  private String trustAnchors = "";
  private Optional<ApiAccess> fromKubeConfig = Optional.empty();

  /**
   * Fills in defaults and checks everything.
   *
   * @param machineName the machine's host name, asked for if host.name is left out
   * @param now the time at which certificates must be valid
   * @param findings takes what is wrong with what is written
   * @param gaps takes what is wrong because something is not written; the same as findings, unless
   *     a file could not be read, so that nobody knows what is in it
   */
  AgentReader(
      Path directory,
      Entries entries,
      Supplier<String> machineName,
      Instant now,
      Findings findings,
      Findings gaps) {
    this.directory = directory;
    this.entries = entries;
    this.findings = findings;
    entries.complete(word -> word(word, machineName), gaps);
    checkFiles(now);
    checkAddresses();
    checkNextHops();
    if (entries.value(AgentKeys.ANCHORS_FROM_BUNDLE).orElse(false)
        && entries.value(AgentKeys.SPIRE_MODE).equals(Optional.of(AgentKeys.MODE_EXTERNAL))) {
      add(
          AgentKeys.ANCHORS_FROM_BUNDLE,
          "'bundle' needs a SPIRE agent of ours, and spire.mode is \"external\"; allowed: \"file\"");
    }
    checkNetwork(gaps);
    checkKubernetes();
  }

  private void checkKubernetes() {
    boolean kubeConfig = entries.written(KubernetesKeys.KUBECONFIG).isPresent();
    if (kubeConfig) {
      for (Key<?> key : KubernetesKeys.OF_KUBECONFIG) {
        if (entries.written(key).isPresent() && entries.value(key).isPresent()) {
          add(key, "is said by kubernetes.kubeconfig; remove one of them");
        }
      }
      text(KubernetesKeys.KUBECONFIG).ifPresent(this::readKubeConfig);
    } else if (entries.written(KubernetesKeys.SERVER).isEmpty()) {
      for (Key<?> key : KubernetesKeys.OTHERS) {
        if (entries.written(key).isPresent() && entries.value(key).isPresent()) {
          add(key, "means nothing without kubernetes.server; set it, or remove this");
        }
      }
      return;
    }
    if (entries.value(KubernetesKeys.SERVER).isPresent()) {
      certificates(KubernetesKeys.AUTHORITY, Instant.MIN);
    }
    if (entries
        .value(KubernetesKeys.LEASE)
        .filter(Duration::isPositive)
        .filter(lease -> lease.compareTo(KubernetesKeys.SHORTEST_LEASE) < 0)
        .isPresent()) {
      add(
          KubernetesKeys.LEASE,
          "is too short; allowed: at least "
              + KubernetesKeys.SHORTEST_LEASE.toSeconds()
              + "s, or \"0s\" to say nothing");
    }
    boolean certificate = entries.written(KubernetesKeys.CLIENT_CERTIFICATE).isPresent();
    boolean key = entries.written(KubernetesKeys.CLIENT_KEY).isPresent();
    if (certificate && !key) {
      add(KubernetesKeys.CLIENT_CERTIFICATE, "needs kubernetes.client_key beside it");
    }
    if (key && !certificate) {
      add(KubernetesKeys.CLIENT_KEY, "needs kubernetes.client_certificate beside it");
    }
    if (certificate && entries.written(KubernetesKeys.TOKEN_FILE).isPresent()) {
      add(
          KubernetesKeys.TOKEN_FILE,
          "is said by kubernetes.client_certificate already; remove one of them");
    }
    if (certificate && key) {
      // They are replaced before they end, and then they are read again.
      certificates(KubernetesKeys.CLIENT_CERTIFICATE, Instant.MIN);
      text(KubernetesKeys.CLIENT_KEY)
          .filter(text -> !Certificates.holdsPkcs8Key(text))
          .ifPresent(_ ->
              add(
                  KubernetesKeys.CLIENT_KEY,
                  "'"
                      + file(KubernetesKeys.CLIENT_KEY)
                      + "' holds no private key in PKCS #8 form (BEGIN PRIVATE KEY); 'openssl pkcs8"
                      + " -topk8 -nocrypt' writes others so"));
    }
  }

  private Optional<String> word(String name, Supplier<String> machineName) {
    if (!name.equals("hostname")) {
      return entries.word(name);
    }
    String full = machineName.get().strip().toLowerCase(Locale.ROOT);
    int dot = full.indexOf('.');
    return Optional.of(dot < 0 ? full : full.substring(0, dot));
  }

  /** Others than root may neither change what is believed nor read what is secret. */
  private void checkHands() {
    Set<Path> looked = new HashSet<>();
    AgentKeys.BELIEVED.forEach(key -> hands(key, looked, Secrecy::unchangeable));
    AgentKeys.SECRET.forEach(key -> hands(key, looked, Secrecy::secret));
  }

  private void hands(
      Key<Path> key, Set<Path> looked, BiFunction<Path, String, Optional<String>> check) {
    if (entries.value(key).isPresent() && looked.add(file(key))) {
      Path file = file(key);
      check.apply(file, "'" + file + "' ").ifPresent(wrong -> add(key, wrong));
    }
  }

  private void checkFiles(Instant now) {
    checkHands();
    trustAnchors = certificates(AgentKeys.TRUST_ANCHORS, now).orElse("");
    if (entries.written(AgentKeys.TRUST_BUNDLE).isPresent()) {
      certificates(AgentKeys.TRUST_BUNDLE, now);
    }
    holdsKey(AgentKeys.TRUST_ANCHOR_KEY);
    holdsKey(AgentKeys.X509POP_KEY);
    // Whether they are valid now is between the host and the SPIRE server: it may be attested.
    certificates(AgentKeys.X509POP_CERTIFICATE, Instant.MIN);
    certificates(AgentKeys.X509POP_INTERMEDIATES, Instant.MIN);
    if (entries.value(AgentKeys.TOKEN_FILE).isPresent()) {
      Path token = file(AgentKeys.TOKEN_FILE);
      if (Files.isDirectory(token)) {
        add(AgentKeys.TOKEN_FILE, "'" + token + "' is a directory; a file is expected here");
      }
    }
  }

  private void holdsKey(Key<Path> key) {
    text(key)
        .filter(text -> !Certificates.holdsKey(text))
        .ifPresent(_ ->
            add(
                key,
                "'"
                    + file(key)
                    + "' holds no private key; allowed: PEM text with BEGIN PRIVATE KEY"));
  }

  private Optional<String> certificates(Key<Path> key, Instant now) {
    return text(key)
        .flatMap(text ->
            Certificates.read(
                text, file(key).toString(), entries.place(key), key.name(), now, findings));
  }

  private Optional<String> text(Key<Path> key) {
    return entries.value(key).isEmpty()
        ? Optional.empty()
        : SourceText.read(file(key), entries.place(key), key.name(), findings);
  }

  private Path file(Key<Path> key) {
    return directory.resolve(entries.sure(key)).normalize();
  }

  private void add(Key<?> key, String what) {
    findings.add(entries.place(key), key.name(), what);
  }

  private void checkAddresses() {
    for (IpAddress address : entries.value(AgentKeys.ADDRESSES).orElse(List.of())) {
      if (address.inet().isLoopbackAddress()
          || address.inet().isAnyLocalAddress()
          || address.inet().isMulticastAddress()
          || address.inet().isLinkLocalAddress()) {
        add(
            AgentKeys.ADDRESSES,
            "'"
                + address
                + "' cannot be reached by peers; allowed: addresses of this host that the cluster"
                + " has a route to");
      }
    }
  }

  private void checkNextHops() {
    Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
    for (IpAddress hop : entries.value(AgentKeys.VIA).orElse(List.of())) {
      if (!families.add(hop.family())) {
        add(AgentKeys.VIA, "'" + hop + "' is a second one of its family; allowed: one each");
      }
    }
  }

  private void checkNetwork(Findings gaps) {
    List<IpAddress> via = entries.value(AgentKeys.VIA).orElse(List.of());
    Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
    via.forEach(hop -> families.add(hop.family()));
    boolean viaIsWrong =
        entries.written(AgentKeys.VIA).isPresent() && entries.value(AgentKeys.VIA).isEmpty();
    Map<Key<?>, List<Cidr>> given = new LinkedHashMap<>();
    given.put(
        AgentKeys.POD_CIDRS,
        entries.value(AgentKeys.POD_CIDRS).map(PodNetworks::given).orElse(List.of()));
    given.put(AgentKeys.SERVICE_CIDRS, entries.value(AgentKeys.SERVICE_CIDRS).orElse(List.of()));
    if (entries.value(AgentKeys.POD_CIDRS).filter(PodNetworks::ofNodes).isPresent()
        && entries.written(KubernetesKeys.SERVER).isEmpty()
        && entries.written(KubernetesKeys.KUBECONFIG).isEmpty()) {
      gaps.add(
          entries.place(AgentKeys.POD_CIDRS),
          AgentKeys.POD_CIDRS.name(),
          "\"auto\" asks the Kubernetes API for its nodes; set kubernetes.server, or give the"
              + " networks");
    }
    for (Key<?> key : given.keySet()) {
      for (Cidr cidr : given.getOrDefault(key, List.of())) {
        if (!viaIsWrong && families.add(cidr.family())) {
          String family = cidr.family() == IpFamily.V4 ? "IPv4" : "IPv6";
          gaps.add(
              entries.place(via.isEmpty() ? key : AgentKeys.VIA),
              AgentKeys.VIA.name(),
              "has no " + family + " address, which the route to '" + cidr + "' needs; add one");
        }
      }
    }
    boolean asksCluster = !entries.value(AgentKeys.DNS_SERVERS).orElse(List.of()).isEmpty();
    if (asksCluster
        && entries.written(AgentKeys.POD_CIDRS).isEmpty()
        && entries.written(AgentKeys.SERVICE_CIDRS).isEmpty()) {
      gaps.add(
          entries.place(AgentKeys.DNS_SERVERS),
          AgentKeys.DNS_SERVERS.name(),
          "are given without a network; give network.pod_cidrs or network.service_cidrs, or an"
              + " empty array there if the host has the routes already");
    }
  }

  /** The value of each word that a workload's defaults may contain. */
  Optional<String> word(String name) {
    return entries.word(name);
  }

  /** The values; their findings are with the findings. */
  Entries entries() {
    return entries;
  }

  /**
   * What of the agent's configuration a workload's proxy is started with, as the user wrote it.
   *
   * @return lines by key
   */
  SortedMap<String, String> partForProxy() {
    SortedMap<String, String> part =
        new TreeMap<>(
            entries.canonical(key ->
                key.startsWith("mesh.")
                    || key.startsWith("host.")
                    || key.equals(AgentKeys.PROXY.name())
                    || key.equals(AgentKeys.SPIRE_MODE.name())
                    || key.equals(AgentKeys.SPIRE_SOCKET.name())));
    if (!entries.value(AgentKeys.ANCHORS_FROM_BUNDLE).orElse(false)) {
      part.put("(trust anchors)", trustAnchors);
    }
    return part;
  }

  /**
   * The configuration, still without workloads.
   *
   * @throws IllegalStateException if there were findings
   */
  AgentConfig assemble() {
    // Units of ours are started anew when this changes, and none of them comes from these sections.
    SortedMap<String, String> all =
        new TreeMap<>(
            entries.canonical(key ->
                !key.startsWith("metrics.")
                    && !key.startsWith("firewall.")
                    && !key.startsWith("kubernetes.")));
    all.put("(trust anchors)", trustAnchors);
    return new AgentConfig(
        new Mesh(
            entries.sure(AgentKeys.TRUST_DOMAIN),
            trustAnchors,
            file(AgentKeys.TRUST_ANCHORS),
            entries.sure(AgentKeys.ANCHORS_FROM_BUNDLE),
            entries.sure(AgentKeys.CLUSTER_DOMAIN),
            entries.sure(AgentKeys.NETWORKS),
            entries.sure(AgentKeys.DESTINATION),
            entries.sure(AgentKeys.DESTINATION_NAME),
            entries.sure(AgentKeys.POLICY),
            entries.sure(AgentKeys.POLICY_NAME)),
        new Host(entries.sure(AgentKeys.HOST_NAME), entries.sure(AgentKeys.ADDRESSES)),
        spire(),
        network(),
        new Components(
            entries.sure(AgentKeys.SPIRE_AGENT),
            entries.sure(AgentKeys.SPIRE_SERVER_PROGRAM),
            entries.sure(AgentKeys.PROXY)),
        new Metrics(entries.sure(AgentKeys.METRICS_PORT)),
        new PacketFilter(
            entries.sure(AgentKeys.BACKEND),
            entries.sure(AgentKeys.OPENS_PORTS),
            entries.sure(AgentKeys.REMOVED_ON_STOP),
            entries.value(AgentKeys.CONFIRM_WITHIN)),
        kubernetes(),
        digest(all),
        Optional.empty(),
        new TreeMap<>());
  }

  private void readKubeConfig(String text) {
    Path file = file(KubernetesKeys.KUBECONFIG);
    Path home = file.getParent();
    try {
      fromKubeConfig = Optional.of(KubeConfig.read(text, home == null ? directory : home));
    } catch (IllegalArgumentException e) {
      add(KubernetesKeys.KUBECONFIG, "'" + file + "' " + e.getMessage());
    }
  }

  private Optional<ApiAccess> api() {
    return fromKubeConfig.or(() ->
        entries
            .value(KubernetesKeys.SERVER)
            .map(server ->
                new ApiAccess(
                    server,
                    in(KubernetesKeys.AUTHORITY),
                    entries.value(KubernetesKeys.CLIENT_CERTIFICATE).isPresent()
                        ? new ApiAccess.Credentials.Certificate(
                            in(KubernetesKeys.CLIENT_CERTIFICATE), in(KubernetesKeys.CLIENT_KEY))
                        : new ApiAccess.Credentials.Token(in(KubernetesKeys.TOKEN_FILE)))));
  }

  private Material in(Key<Path> key) {
    return new Material.InFile(file(key));
  }

  private Optional<Kubernetes> kubernetes() {
    return api()
        .map(api ->
            new Kubernetes(
                new ClusterAccess(
                    api,
                    entries.sure(AgentKeys.HOST_NAME),
                    entries.sure(KubernetesKeys.PROPAGATION)),
                entries.sure(KubernetesKeys.CREATES),
                entries.sure(KubernetesKeys.DELETES),
                entries.sure(KubernetesKeys.BEFORE_RESTART),
                Optional.of(entries.sure(KubernetesKeys.LEASE)).filter(Duration::isPositive)));
  }

  /** The digest of canonical lines. */
  static Digest digest(SortedMap<String, String> lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
    return Digest.of(text.toString());
  }

  private Spire spire() {
    String mode = entries.sure(AgentKeys.SPIRE_MODE);
    if (mode.equals(AgentKeys.MODE_EXTERNAL)) {
      return new Spire.External(entries.sure(AgentKeys.SPIRE_SOCKET));
    }
    if (mode.equals(AgentKeys.MODE_DEMO)) {
      return new Spire.Demo(
          file(AgentKeys.TRUST_ANCHOR_KEY),
          entries.sure(AgentKeys.SVID_TTL),
          entries.sure(AgentKeys.SERVER_PORT));
    }
    return new Spire.Agent(
        entries.sure(AgentKeys.SPIRE_SERVER),
        file(AgentKeys.TRUST_BUNDLE),
        attestor(entries.sure(AgentKeys.ATTESTOR)));
  }

  private NodeAttestor attestor(String plugin) {
    return switch (plugin) {
      case AgentKeys.JOIN_TOKEN -> new NodeAttestor.JoinToken(file(AgentKeys.TOKEN_FILE));
      case AgentKeys.X509POP ->
          new NodeAttestor.X509Pop(
              file(AgentKeys.X509POP_CERTIFICATE),
              file(AgentKeys.X509POP_KEY),
              entries.value(AgentKeys.X509POP_INTERMEDIATES).map(directory::resolve));
      case AgentKeys.SSHPOP ->
          new NodeAttestor.SshPop(file(AgentKeys.SSH_KEY), file(AgentKeys.SSH_CERTIFICATE));
      case AgentKeys.TPM_DEVID ->
          new NodeAttestor.TpmDevId(
              file(AgentKeys.DEVID_CERTIFICATE),
              file(AgentKeys.DEVID_PRIVATE),
              file(AgentKeys.DEVID_PUBLIC),
              entries.value(AgentKeys.TPM_DEVICE));
      case AgentKeys.HTTP_CHALLENGE ->
          new NodeAttestor.HttpChallenge(
              entries.sure(AgentKeys.CHALLENGE_HOSTNAME).text(),
              entries.sure(AgentKeys.CHALLENGE_PORT),
              entries.sure(AgentKeys.CHALLENGE_AGENT).text());
      case AgentKeys.AWS_IID -> new NodeAttestor.AwsIid();
      case AgentKeys.GCP_IIT -> new NodeAttestor.GcpIit(entries.sure(AgentKeys.GCP_ACCOUNT));
      case AgentKeys.AZURE_IMDS ->
          new NodeAttestor.AzureImds(entries.sure(AgentKeys.AZURE_TENANT).text());
      default -> throw new IllegalStateException("the form of the key lets no '" + plugin + "' by");
    };
  }

  private Optional<Network> network() {
    if (entries.canonical(key -> key.startsWith("network.")).isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Network(
            entries.sure(AgentKeys.POD_CIDRS).given(),
            entries.sure(AgentKeys.POD_CIDRS).ofNodes(),
            entries.sure(AgentKeys.SERVICE_CIDRS),
            entries.value(AgentKeys.VIA).orElse(List.of()),
            entries.sure(AgentKeys.DNS_SERVERS),
            entries.sure(AgentKeys.DNS_FORWARDER)));
  }
}
