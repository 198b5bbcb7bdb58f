// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.firewall.Backend;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The keys of agent.toml and conf.d/*.toml. Linkerd's own names and networks are those of its Helm
 * charts.
 */
final class AgentKeys {
  private static final Form<DnsName> DNS_NAME =
      Forms.of("a DNS name in lower case without a trailing dot", DnsName::new);
  private static final Form<HostPort> HOST_PORT = Forms.of("HOST:PORT", HostPort::parse);
  private static final Form<Cidr> CIDR = Forms.of("a network such as 10.244.0.0/16", Cidr::parse);
  private static final Form<IpAddress> ADDRESS =
      Forms.of("an IPv4 or IPv6 address", IpAddress::parse);
  private static final Form<Path> PROGRAM =
      Forms.of("an absolute path, not in a home directory", AgentKeys::program);
  private static final String CONTROL_PLANE =
      "linkerd-destination.linkerd.serviceaccount.identity.linkerd.<mesh.cluster_domain>";

  static final Key<TrustDomain> TRUST_DOMAIN =
      Key.required(
          "mesh.trust_domain",
          Forms.of("a trust domain such as root.linkerd.cluster.local", TrustDomain::new),
          "\"root.linkerd.cluster.local\"",
          "Trust domain of the SPIFFE IDs that SPIRE issues.");
  static final Key<Path> TRUST_ANCHORS =
      Key.required(
          "mesh.trust_anchors",
          Forms.file(),
          "\"trust-anchors.pem\"",
          "PEM file with the certificates of the mesh's root; no key belongs into it.");
  private static final String FROM_BUNDLE = "bundle";
  static final Key<Boolean> ANCHORS_FROM_BUNDLE =
      Key.text(
          "mesh.trust_anchors_from",
          Forms.choice(FROM_BUNDLE::equals, "file", FROM_BUNDLE),
          "file",
          "Whose roots the proxies trust: \"file\", those of mesh.trust_anchors, or \"bundle\", those"
              + " that SPIRE gives out as the trust bundle. When they change, the proxies are"
              + " restarted one after the other.");
  static final Key<DnsName> CLUSTER_DOMAIN =
      Key.text(
          "mesh.cluster_domain", DNS_NAME, "cluster.local", "Domain of the cluster's Services.");
  static final Key<List<Cidr>> NETWORKS =
      Key.texts(
          "mesh.networks",
          Forms.list(CIDR, true),
          List.of("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"),
          "Networks inside which the proxy asks Linkerd about addresses; outside, direct calls by"
              + " address are plaintext.");
  static final Key<HostPort> DESTINATION =
      Key.text(
          "mesh.destination",
          HOST_PORT,
          "linkerd-dst-headless.linkerd.svc.<mesh.cluster_domain>:8086",
          "Linkerd's destination service.");
  static final Key<DnsName> DESTINATION_NAME =
      Key.text(
          "mesh.destination_name", DNS_NAME, CONTROL_PLANE, "TLS name of the destination service.");
  static final Key<HostPort> POLICY =
      Key.text(
          "mesh.policy",
          HOST_PORT,
          "linkerd-policy.linkerd.svc.<mesh.cluster_domain>:8090",
          "Linkerd's policy service.");
  static final Key<DnsName> POLICY_NAME =
      Key.text("mesh.policy_name", DNS_NAME, CONTROL_PLANE, "TLS name of the policy service.");

  static final Key<WorkloadName> HOST_NAME =
      Key.text(
          "host.name",
          Forms.of("a DNS label", WorkloadName::new),
          "<hostname>",
          "Name of this host for people and in the agent's own SPIFFE ID; unless given, the first"
              + " label of the machine's host name.");
  static final Key<List<IpAddress>> ADDRESSES =
      Key.required(
          "host.addresses",
          Forms.list(ADDRESS, false),
          "[\"192.0.2.10\"]",
          "Addresses under which peers in the mesh reach this host.");

  static final String MODE_AGENT = "agent";
  static final String MODE_EXTERNAL = "external";
  static final String MODE_DEMO = "demo";
  static final Key<String> SPIRE_MODE =
      Key.text(
          "spire.mode",
          Forms.oneOf(MODE_AGENT, MODE_EXTERNAL, MODE_DEMO),
          MODE_AGENT,
          "Where identities come from: \"agent\" runs a SPIRE agent against a server elsewhere,"
              + " \"external\" uses the socket of one that somebody else runs, \"demo\" also runs a"
              + " SPIRE server here with the mesh's private key and is no production set-up.");
  static final Key<HostPort> SPIRE_SERVER =
      Key.required("spire.server", HOST_PORT, "\"spire.example.org:8081\"", "The SPIRE server.")
          .onlyIf(SPIRE_MODE, MODE_AGENT);
  static final Key<Path> TRUST_BUNDLE =
      Key.text(
              "spire.trust_bundle",
              Forms.file(),
              "<mesh.trust_anchors>",
              "PEM file with the certificates by which the SPIRE server is recognised.")
          .onlyIf(SPIRE_MODE, MODE_AGENT);
  static final String JOIN_TOKEN = "join_token";
  static final String X509POP = "x509pop";
  static final String SSHPOP = "sshpop";
  static final String TPM_DEVID = "tpm_devid";
  static final String HTTP_CHALLENGE = "http_challenge";
  static final String AWS_IID = "aws_iid";
  static final String GCP_IIT = "gcp_iit";
  static final String AZURE_IMDS = "azure_imds";
  static final Key<String> ATTESTOR =
      Key.text(
              "spire.attestor",
              Forms.oneOf(
                  JOIN_TOKEN,
                  X509POP,
                  SSHPOP,
                  TPM_DEVID,
                  HTTP_CHALLENGE,
                  AWS_IID,
                  GCP_IIT,
                  AZURE_IMDS),
              JOIN_TOKEN,
              "How this host proves to the SPIRE server which one it is; the server needs the plugin"
                  + " of the same name. All but \"join_token\" heal by themselves after the host was"
                  + " off for longer than its identity lasts.")
          .onlyIf(SPIRE_MODE, MODE_AGENT);
  static final Key<Path> TOKEN_FILE =
      Key.text(
              "spire.token_file",
              Forms.file(),
              "join-token",
              "File with the join token; needed once, and removed when it has been used.")
          .onlyIf(ATTESTOR, JOIN_TOKEN);
  static final Key<Path> X509POP_CERTIFICATE =
      Key.required(
              "spire.x509pop.certificate",
              Forms.file(),
              "\"host.crt\"",
              "PEM file with this host's certificate, of an authority that the SPIRE server trusts"
                  + " for this.")
          .onlyIf(ATTESTOR, X509POP);
  static final Key<Path> X509POP_KEY =
      Key.required(
              "spire.x509pop.private_key",
              Forms.file(),
              "\"host.key\"",
              "PEM file with its private key.")
          .onlyIf(ATTESTOR, X509POP);
  static final Key<Path> X509POP_INTERMEDIATES =
      Key.optional(
              "spire.x509pop.intermediates",
              Forms.file(),
              "\"intermediates.crt\"",
              "PEM file with what lies between it and that authority.")
          .onlyIf(ATTESTOR, X509POP);
  static final Key<Path> SSH_KEY =
      Key.text(
              "spire.sshpop.host_key",
              Forms.file(),
              "/etc/ssh/ssh_host_rsa_key",
              "This host's SSH key.")
          .onlyIf(ATTESTOR, SSHPOP);
  static final Key<Path> SSH_CERTIFICATE =
      Key.text(
              "spire.sshpop.host_certificate",
              Forms.file(),
              "/etc/ssh/ssh_host_rsa_key-cert.pub",
              "Its certificate, of an SSH authority that the SPIRE server trusts.")
          .onlyIf(ATTESTOR, SSHPOP);
  static final Key<Path> DEVID_CERTIFICATE =
      Key.required(
              "spire.tpm_devid.certificate",
              Forms.file(),
              "\"devid.crt\"",
              "PEM file with the certificate of the device identity in this host's TPM.")
          .onlyIf(ATTESTOR, TPM_DEVID);
  static final Key<Path> DEVID_PRIVATE =
      Key.required(
              "spire.tpm_devid.private_key",
              Forms.file(),
              "\"devid.priv\"",
              "File with its private key, as only this TPM can load it.")
          .onlyIf(ATTESTOR, TPM_DEVID);
  static final Key<Path> DEVID_PUBLIC =
      Key.required(
              "spire.tpm_devid.public_key",
              Forms.file(),
              "\"devid.pub\"",
              "File with its public key.")
          .onlyIf(ATTESTOR, TPM_DEVID);
  static final Key<Path> TPM_DEVICE =
      Key.optional(
              "spire.tpm_devid.device",
              Forms.absolutePath(),
              "\"/dev/tpmrm0\"",
              "The TPM, which the group tss may open; SPIRE looks for one if it is left out.")
          .onlyIf(ATTESTOR, TPM_DEVID);
  static final Key<DnsName> CHALLENGE_HOSTNAME =
      Key.required(
              "spire.http_challenge.hostname",
              DNS_NAME,
              "\"vm-1.example.org\"",
              "Name under which the SPIRE server reaches this host.")
          .onlyIf(ATTESTOR, HTTP_CHALLENGE);
  static final Key<Port> CHALLENGE_PORT =
      Key.whole(
              "spire.http_challenge.port",
              Forms.port(),
              80,
              "Port at which it asks there; never redirected to a proxy.")
          .onlyIf(ATTESTOR, HTTP_CHALLENGE);
  static final Key<WorkloadName> CHALLENGE_AGENT =
      Key.text(
              "spire.http_challenge.agent_name",
              Forms.of("a name such as default", WorkloadName::new),
              "default",
              "Tells several SPIRE agents of one host name apart.")
          .onlyIf(ATTESTOR, HTTP_CHALLENGE);
  static final Key<String> GCP_ACCOUNT =
      Key.text(
              "spire.gcp_iit.service_account",
              Forms.of("a service account such as default", AgentKeys::plain),
              "default",
              "Service account of this instance whose token is shown.")
          .onlyIf(ATTESTOR, GCP_IIT);
  static final Key<DnsName> AZURE_TENANT =
      Key.required(
              "spire.azure_imds.tenant_domain",
              DNS_NAME,
              "\"example.onmicrosoft.com\"",
              "Domain of the tenant in which this machine runs.")
          .onlyIf(ATTESTOR, AZURE_IMDS);
  static final Key<Path> SPIRE_SOCKET =
      Key.required(
              "spire.socket",
              Forms.of("an absolute path, not in a home directory", AgentKeys::socket),
              "\"/run/spire/agent/api.sock\"",
              "Workload API socket of the SPIRE agent that somebody else runs. Of /tmp the agent sees"
                  + " /tmp/spire-agent only, if it is there when the agent starts.")
          .onlyIf(SPIRE_MODE, MODE_EXTERNAL);
  static final Key<Path> TRUST_ANCHOR_KEY =
      Key.required(
              "spire.trust_anchor_key",
              Forms.file(),
              "\"trust-anchor.key\"",
              "PEM file with the private key of the trust anchor.")
          .onlyIf(SPIRE_MODE, MODE_DEMO);
  static final Key<Duration> SVID_TTL =
      Key.text(
              "spire.svid_ttl",
              Forms.duration(Duration.ofSeconds(10), Duration.ofDays(365)),
              "1h",
              "How long each SVID is valid; it is renewed after half of it.")
          .onlyIf(SPIRE_MODE, MODE_DEMO);
  static final Key<Port> SERVER_PORT =
      Key.whole(
              "spire.server_port",
              Forms.port(),
              8081,
              "Port of the SPIRE server on the loopback interface.")
          .onlyIf(SPIRE_MODE, MODE_DEMO);

  static final Key<PodNetworks> POD_CIDRS =
      Key.texts(
          "network.pod_cidrs",
          PodNetworks.form(Forms.list(CIDR, true)),
          List.of(),
          "Networks of the pods; each gets a route. \"auto\" takes those of the cluster's nodes"
              + " (podCIDRs), each by way of its node, and follows them; the nodes must be"
              + " neighbours of this host. Leave it out if the host has the routes.");
  static final Key<List<Cidr>> SERVICE_CIDRS =
      Key.texts(
          "network.service_cidrs",
          Forms.list(CIDR, true),
          List.of(),
          "Networks of the Services; each gets a route.");
  static final Key<List<IpAddress>> VIA =
      Key.optional(
          "network.via",
          Forms.oneOrMore(ADDRESS),
          "\"192.0.2.1\"",
          "Next hop to these networks; an array of two for IPv4 and IPv6.");
  static final Key<List<IpAddress>> DNS_SERVERS =
      Key.texts(
          "network.dns_servers",
          Forms.list(ADDRESS, true),
          List.of(),
          "DNS servers of the cluster, asked for names in mesh.cluster_domain only.");
  static final Key<IpAddress> DNS_FORWARDER =
      Key.text(
          "network.dns_forwarder",
          ADDRESS,
          "169.254.77.1",
          "Address on a link of ours on which a forwarder to these servers listens.");

  static final Key<Path> SPIRE_AGENT =
      Key.text(
          "components.spire_agent",
          PROGRAM,
          "/opt/spire/bin/spire-agent",
          "The spire-agent program, 1.13.3 or later.");
  static final Key<Path> SPIRE_SERVER_PROGRAM =
      Key.text(
          "components.spire_server",
          PROGRAM,
          "/opt/spire/bin/spire-server",
          "The spire-server program; only spire.mode \"demo\" runs it.");
  static final Key<Path> PROXY =
      Key.text(
          "components.proxy",
          PROGRAM,
          "/usr/lib/linkerd/linkerd2-proxy",
          "The linkerd2-proxy program; v2.329.0 and v2.330.0 do not work with SPIRE.");

  static final Key<Port> METRICS_PORT =
      Key.whole(
          "metrics.port", Forms.port(), 4192, "Port of the agent's own metrics on 127.0.0.1.");

  private static final String AUTO = "auto";

  static final Key<Optional<Backend>> BACKEND =
      Key.text(
          "firewall.backend",
          Forms.choice(
              word -> Stream.of(Backend.values()).filter(b -> b.text().equals(word)).findFirst(),
              AUTO,
              Backend.NFTABLES.text(),
              Backend.IPTABLES.text()),
          AUTO,
          "Where redirect rules are kept: \"nftables\", a table of our own, \"iptables\", chains of"
              + " our own in its nat tables, or \"auto\", nftables where the host has the program nft.");

  private static final String PROXY_PORTS = "proxy-ports";

  static final Key<Boolean> OPENS_PORTS =
      Key.text(
          "firewall.open",
          Forms.choice(PROXY_PORTS::equals, PROXY_PORTS, "nothing"),
          PROXY_PORTS,
          "What is opened in a running firewalld, which refuses peers otherwise: \"proxy-ports\", the"
              + " inbound ports of the proxies, until it or the agent is taken away; or \"nothing\".");

  private static final String REMOVE = "remove";

  static final Key<Boolean> REMOVED_ON_STOP =
      Key.text(
          "firewall.on_agent_stop",
          Forms.choice(REMOVE::equals, "keep", REMOVE),
          "keep",
          "What becomes of the redirect rules when the agent is stopped, also to start again after an"
              + " upgrade: \"keep\" leaves traffic as it is; with \"remove\" an open workload goes"
              + " directly until the agent is back, and a closed one waits.");

  static final Key<Duration> CONFIRM_WITHIN =
      Key.optional(
          "firewall.confirm_within",
          Forms.duration(Duration.ofSeconds(5), Duration.ofHours(1)),
          "\"60s\"",
          "How long a change of what is redirected is on trial: unless 'meshx confirm' comes within"
              + " that time, the rules from before come back, also if the agent has died. Without"
              + " it a change stays at once.");

  /** All of them, in the order of the documentation; one that others derive from comes before. */
  static final List<Key<?>> ALL =
      List.of(
          TRUST_DOMAIN,
          TRUST_ANCHORS,
          ANCHORS_FROM_BUNDLE,
          CLUSTER_DOMAIN,
          NETWORKS,
          DESTINATION,
          DESTINATION_NAME,
          POLICY,
          POLICY_NAME,
          HOST_NAME,
          ADDRESSES,
          SPIRE_MODE,
          SPIRE_SERVER,
          TRUST_BUNDLE,
          ATTESTOR,
          TOKEN_FILE,
          X509POP_CERTIFICATE,
          X509POP_KEY,
          X509POP_INTERMEDIATES,
          SSH_KEY,
          SSH_CERTIFICATE,
          DEVID_CERTIFICATE,
          DEVID_PRIVATE,
          DEVID_PUBLIC,
          TPM_DEVICE,
          CHALLENGE_HOSTNAME,
          CHALLENGE_PORT,
          CHALLENGE_AGENT,
          GCP_ACCOUNT,
          AZURE_TENANT,
          SPIRE_SOCKET,
          TRUST_ANCHOR_KEY,
          SVID_TTL,
          SERVER_PORT,
          POD_CIDRS,
          SERVICE_CIDRS,
          VIA,
          DNS_SERVERS,
          DNS_FORWARDER,
          SPIRE_AGENT,
          SPIRE_SERVER_PROGRAM,
          PROXY,
          METRICS_PORT,
          BACKEND,
          OPENS_PORTS,
          REMOVED_ON_STOP,
          CONFIRM_WITHIN,
          KubernetesKeys.SERVER,
          KubernetesKeys.KUBECONFIG,
          KubernetesKeys.AUTHORITY,
          KubernetesKeys.TOKEN_FILE,
          KubernetesKeys.CLIENT_CERTIFICATE,
          KubernetesKeys.CLIENT_KEY,
          KubernetesKeys.CREATES,
          KubernetesKeys.PROPAGATION,
          KubernetesKeys.DELETES,
          KubernetesKeys.BEFORE_RESTART,
          KubernetesKeys.LEASE);

  /** Files by which others are recognised; only root may change them. */
  static final List<Key<Path>> BELIEVED =
      List.of(TRUST_ANCHORS, TRUST_BUNDLE, KubernetesKeys.AUTHORITY);

  /** Files with a key or a token; not everybody may read them. */
  static final List<Key<Path>> SECRET =
      List.of(
          TOKEN_FILE,
          X509POP_KEY,
          SSH_KEY,
          DEVID_PRIVATE,
          TRUST_ANCHOR_KEY,
          KubernetesKeys.TOKEN_FILE,
          KubernetesKeys.CLIENT_KEY,
          KubernetesKeys.KUBECONFIG);

  private AgentKeys() {}

  private static Path socket(String text) {
    Path path = absolute(text);
    if (path.startsWith("/tmp") && !path.startsWith("/tmp/spire-agent")) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is in /tmp, of which the agent sees /tmp/spire-agent only; have that SPIRE agent"
              + " listen below /run");
    }
    return inSight(path);
  }

  private static Path program(String text) {
    return inSight(absolute(text));
  }

  private static Path absolute(String text) {
    Path path = Path.of(text);
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not absolute; allowed: an absolute path");
    }
    return path.normalize();
  }

  /** Proxies and SPIRE see no home directories (systemd.exec(5), ProtectHome=). */
  private static Path inSight(Path path) {
    for (String home : List.of("/home", "/root", "/run/user")) {
      if (path.startsWith(home)) {
        throw new IllegalArgumentException(
            "'" + path + "' is below " + home + ", which proxies and SPIRE do not see; move it");
      }
    }
    return path;
  }

  private static String plain(String text) {
    if (!text.matches("[A-Za-z0-9@.-]{1,256}")) {
      throw new IllegalArgumentException("'" + text + "' is none");
    }
    return text;
  }
}
