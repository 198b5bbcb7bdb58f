// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.ServedPort;
import io.meshx.agent.health.Probe;
import io.meshx.agent.model.Capability;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import io.meshx.agent.model.Signal;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The keys of workloads/NAME.toml. */
final class WorkloadKeys {
  private static final Duration LONGEST_STOP = Duration.ofHours(1);
  private static final String HARMLESS =
      Stream.of(Capability.values()).map(Capability::name).collect(Collectors.joining(", "));
  private static final Set<String> OWN_GROUPS = Set.of("root", "meshx-proxy", "meshx-spire");

  static final Key<WorkloadName> NAMESPACE =
      Key.required(
          "namespace",
          Forms.of("a Kubernetes namespace", WorkloadName::new),
          "\"mixed-env\"",
          "Kubernetes namespace that the workload belongs to.");
  static final Key<SpiffeId> SPIFFE_ID =
      Key.text(
          "spiffe_id",
          Forms.of("a SPIFFE ID in mesh.trust_domain", SpiffeId::parse),
          "spiffe://<mesh.trust_domain>/<namespace>/<name>",
          "Identity of the workload in the mesh.");
  static final Key<DnsName> SERVER_NAME =
      Key.text(
          "server_name",
          Forms.of("a DNS name in lower case without a trailing dot", DnsName::new),
          "<name>.<namespace>.<mesh.cluster_domain>",
          "TLS server name under which peers call the workload's proxy.");

  static final Key<WorkloadName> EXTERNAL_WORKLOAD =
      Key.text(
          "external_workload",
          Forms.of("a name of at most 63 lower-case letters, digits and dashes", WorkloadName::new),
          "<name>-<host.name>",
          "Name of its ExternalWorkload in Kubernetes, by which Linkerd gives it its policies; no"
              + " two hosts share one.");
  static final Key<SortedMap<String, String>> LABELS =
      Key.optional(
          "labels",
          LabelsForm.labels(),
          "{ app = \"web\" }",
          "Labels of it, by which Services choose it; app = \"NAME\" unless given. Needs"
              + " kubernetes.server, as do annotations.");
  static final Key<SortedMap<String, String>> ANNOTATIONS =
      Key.optional(
          "annotations",
          LabelsForm.annotations(),
          "{ \"config.linkerd.io/opaque-ports\" = \"5432\" }",
          "Annotations of it, by which Linkerd is told more.");

  static final Key<UnitName> UNIT =
      Key.optional(
          "process.unit",
          new UnitForm(),
          "\"nginx.service\"",
          "A service that a package of the host brings, instead of a process of ours; then of this"
              + " table only process.take_over and process.environment belong to it, and neither [limits]"
              + " nor [sandbox]. Needs nftables"
              + " and version 2 control groups.");
  static final Key<Boolean> RESTARTS =
      Key.text(
          "process.take_over",
          Forms.choice("restart"::equals, "wait", "restart"),
          "wait",
          "What is done when process.unit runs already: it joins, and leaves, with a restart."
              + " \"restart\" does that, \"wait\" leaves it to you; 'meshx down' restarts it in any"
              + " case.");
  static final Key<List<String>> EXEC =
      Key.texts(
          "process.exec",
          new ExecForm(),
          List.of("/workload/start"),
          "Program, as an absolute path, and its arguments.");
  static final Key<UserName> USER =
      Key.required(
              "process.user",
              new UserForm(),
              "\"web\"",
              "User that the workload runs as; its own, since interception goes by the user.")
          .unless(UNIT);
  static final Key<List<UserName>> GROUPS =
      Key.texts(
          "process.groups",
          Forms.list(Forms.of("the name of a group", WorkloadKeys::group), true),
          List.of(),
          "Groups besides the user's own (SupplementaryGroups=).");
  static final Key<String> TYPE =
      Key.text(
          "process.type",
          Forms.oneOf("exec", "notify"),
          "exec",
          "When it counts as started: with its program, or when it says so (sd_notify, READY=1)."
              + " (Type=)");
  static final Key<Path> WORKING_DIRECTORY =
      Key.text("process.working_directory", Forms.absolutePath(), "/", "Working directory.");
  static final Key<List<Path>> ENVIRONMENT_FILES =
      Key.texts(
          "process.environment_files",
          Forms.list(Forms.file(), true),
          List.of(),
          "Files with variables, in the form of systemd's EnvironmentFile; the place for secrets.");
  static final Key<String> RESTART =
      Key.text(
          "process.restart",
          Forms.oneOf("no", "on-failure", "always"),
          "always",
          "When systemd starts it again after it ended.");
  static final Key<Duration> RESTART_DELAY =
      Key.text(
          "process.restart_delay",
          Forms.duration(Duration.ZERO, LONGEST_STOP),
          "1s",
          "Time before it is started again.");
  static final Key<Integer> START_LIMIT =
      Key.whole(
          "process.start_limit",
          Forms.number(0, 1000),
          0,
          "Starts within process.start_limit_interval after which it is given up until somebody"
              + " starts it; 0 for never (StartLimitBurst=).");
  static final Key<Duration> START_LIMIT_INTERVAL =
      Key.text(
          "process.start_limit_interval",
          Forms.duration(Duration.ofSeconds(1), Duration.ofDays(1)),
          "10s",
          "What process.start_limit counts in (StartLimitIntervalSec=).");
  static final Key<Duration> START_TIMEOUT =
      Key.text(
          "process.start_timeout",
          Forms.duration(Duration.ofSeconds(1), LONGEST_STOP),
          "90s",
          "Time to say that it has started, with process.type \"notify\" (TimeoutStartSec=).");
  static final Key<Signal> STOP_SIGNAL =
      Key.text(
          "process.stop_signal",
          Forms.choice(
              Signal::valueOf, Stream.of(Signal.values()).map(Signal::name).toArray(String[]::new)),
          "SIGTERM",
          "Signal that asks it to end (KillSignal=).");
  static final Key<Duration> STOP_TIMEOUT =
      Key.text(
          "process.stop_timeout",
          Forms.duration(Duration.ofSeconds(1), LONGEST_STOP),
          "30s",
          "Time to end after process.stop_signal, before SIGKILL (TimeoutStopSec=).");
  static final Key<SortedMap<String, String>> ENVIRONMENT =
      Key.optional(
          "process.environment",
          new EnvironmentForm(),
          "{ LANG = \"C.UTF-8\" }",
          "Variables besides WORKLOAD_NAME, WORKLOAD_NAMESPACE and NODE_NAME; every user of the"
              + " host can read them.");

  static final Key<SortedMap<String, Path>> CREDENTIALS =
      Key.optional(
          "process.credentials",
          new CredentialsForm(),
          "{ password = \"/etc/web/password\" }",
          "Files that root can read, given to the process in the directory of the variable"
              + " CREDENTIALS_DIRECTORY (LoadCredential=).");

  static final Key<Long> MEMORY_MAX =
      Key.optional(
          "limits.memory_max",
          Forms.size(),
          "\"512M\"",
          "Memory of all its processes; with more, one is killed (MemoryMax=).");
  static final Key<Integer> CPU_QUOTA =
      Key.optional(
          "limits.cpu_quota",
          Forms.percent(),
          "\"150%\"",
          "Processor time, in percent of one processor (CPUQuota=).");
  static final Key<Integer> TASKS_MAX =
      Key.optional(
          "limits.tasks_max",
          Forms.number(1, 4_194_304),
          "512",
          "Processes and threads (TasksMax=).");
  static final Key<Integer> OPEN_FILES =
      Key.optional(
          "limits.open_files",
          Forms.number(16, 1_048_576),
          "65536",
          "Open files and sockets of each process (LimitNOFILE=).");

  static final Key<String> PROTECT_SYSTEM =
      Key.text(
          "sandbox.protect_system",
          Forms.oneOf("no", "yes", "full", "strict"),
          "full",
          "What it cannot write to: \"yes\" /usr and /boot, \"full\" also /etc, \"strict\" everything"
              + " but sandbox.writable_paths (ProtectSystem=).");
  static final Key<List<Path>> WRITABLE_PATHS =
      Key.texts(
          "sandbox.writable_paths",
          Forms.list(Forms.absolutePath(), true),
          List.of(),
          "Directories and files that it may write to in spite of the others; they must exist"
              + " (ReadWritePaths=).");
  static final Key<String> PROTECT_HOME =
      Key.text(
          "sandbox.protect_home",
          Forms.oneOf("no", "yes", "read-only", "tmpfs"),
          "read-only",
          "What becomes of /home, /root and /run/user for it (ProtectHome=).");
  static final Key<Boolean> PRIVATE_TMP =
      sandbox("private_tmp", "yes", "Whether its /tmp and /var/tmp are its own (PrivateTmp=).");
  static final Key<Boolean> PRIVATE_DEVICES =
      sandbox(
          "private_devices",
          "yes",
          "Whether it sees no devices but such as /dev/null (PrivateDevices=).");
  static final Key<Boolean> PROTECT_KERNEL =
      sandbox(
          "protect_kernel",
          "yes",
          "Whether the kernel's settings, modules, log, clock and control groups are out of its"
              + " reach (ProtectKernelTunables=, ProtectKernelModules=, ProtectKernelLogs=,"
              + " ProtectClock=, ProtectControlGroups=).");
  static final Key<Boolean> RESTRICT_SUID =
      sandbox(
          "restrict_suid_sgid",
          "yes",
          "Whether it cannot make files with the set-user-ID or set-group-ID bit"
              + " (RestrictSUIDSGID=).");
  static final Key<Boolean> DENY_WRITE_EXECUTE =
      sandbox(
          "memory_deny_write_execute",
          "no",
          "Whether memory cannot be written and executed; not for programs that compile while they"
              + " run, such as Java and Node.js (MemoryDenyWriteExecute=).");
  static final Key<List<Capability>> CAPABILITIES =
      Key.texts(
          "sandbox.capabilities",
          Forms.list(Forms.of(HARMLESS, WorkloadKeys::capability), true),
          List.of(),
          "Capabilities that it has; it can get no others. Those by which it could get past its"
              + " proxy are not among the allowed ones (AmbientCapabilities=,"
              + " CapabilityBoundingSet=).");

  private static Capability capability(String text) {
    for (Capability each : Capability.values()) {
      if (each.name().equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "'"
            + text
            + "' is "
            + (text.startsWith("CAP_")
                ? "refused: the workload might get past its proxy with it"
                : "no capability")
            + "; allowed: "
            + HARMLESS);
  }

  private static UserName group(String text) {
    if (OWN_GROUPS.contains(text)) {
      throw new IllegalArgumentException(
          "'" + text + "' is refused: with it the workload could reach what the agent guards");
    }
    return new UserName(text);
  }

  private static Key<Boolean> sandbox(String name, String standard, String doc) {
    return Key.text("sandbox." + name, Forms.yesOrNo(), standard, doc);
  }

  /** What systemd is told of a process of ours; a unit of somebody else says it already. */
  static final List<Key<?>> OURS_ONLY =
      List.of(
          EXEC,
          USER,
          GROUPS,
          TYPE,
          WORKING_DIRECTORY,
          ENVIRONMENT_FILES,
          RESTART,
          RESTART_DELAY,
          START_LIMIT,
          START_LIMIT_INTERVAL,
          START_TIMEOUT,
          STOP_SIGNAL,
          STOP_TIMEOUT,
          CREDENTIALS,
          MEMORY_MAX,
          CPU_QUOTA,
          TASKS_MAX,
          OPEN_FILES,
          PROTECT_SYSTEM,
          WRITABLE_PATHS,
          PROTECT_HOME,
          PRIVATE_TMP,
          PRIVATE_DEVICES,
          PROTECT_KERNEL,
          RESTRICT_SUID,
          DENY_WRITE_EXECUTE,
          CAPABILITIES);

  static final Key<Port> INBOUND =
      Key.whole(
          "proxy.inbound",
          Forms.port(),
          4143,
          "Inbound port of the proxy, on all addresses. When all three ports are left out, the agent"
              + " chooses the first that are free: the usual ones, or those 100, 200 and so on above"
              + " them; they stay the same while the workload is there.");
  static final Key<Port> OUTBOUND =
      Key.whole("proxy.outbound", Forms.port(), 4140, "Outbound port of the proxy, on loopback.");
  static final Key<Port> ADMIN =
      Key.whole("proxy.admin", Forms.port(), 4191, "Admin port of the proxy, on loopback.");
  static final Key<String> LOG =
      Key.text(
          "proxy.log",
          Forms.of("a log filter such as warn,linkerd=info", text -> text),
          "warn,linkerd=info,hickory=error,[{headers}]=off,[{request}]=off",
          "Filter of the proxy's log.");
  static final Key<String> INBOUND_POLICY =
      Key.text(
          "proxy.inbound_policy",
          Forms.oneOf(
              "deny",
              "all-authenticated",
              "all-unauthenticated",
              "cluster-authenticated",
              "cluster-unauthenticated",
              "audit"),
          "all-unauthenticated",
          "Policy for inbound connections until Linkerd's policy service answers.");
  static final Key<Duration> SHUTDOWN_GRACE =
      Key.text(
          "proxy.shutdown_grace",
          Forms.duration(Duration.ofSeconds(1), LONGEST_STOP),
          "30s",
          "Time for requests in flight when the proxy stops.");
  static final Key<List<Port>> OPAQUE_PORTS =
      Key.wholes(
          "proxy.opaque_ports",
          Forms.list(Forms.port(), true),
          List.of(25L, 587L, 3306L, 4444L, 5432L, 6379L, 9300L, 11211L),
          "Ports on which the server speaks first, so that the protocol cannot be detected.");

  /** The traffic waits; the other word is "open". */
  static final String CLOSED = "closed";

  static final Key<String> ON_PROXY_DOWN =
      Key.text(
          "intercept.on_proxy_down",
          Forms.oneOf(CLOSED, "open"),
          CLOSED,
          "What becomes of the workload's traffic while its proxy is not ready. \"closed\": it"
              + " waits, and a packet filter in the kernel holds the workload to the loopback"
              + " interface, so that nothing of it is ever on the wire past its proxy, UDP and DNS"
              + " included; names are resolved by a resolver on loopback, such as"
              + " systemd-resolved. \"open\": it goes directly and in plaintext.");
  static final Key<String> INBOUND_ON_PROXY_DOWN =
      Key.text(
          "intercept.inbound_on_proxy_down",
          Forms.oneOf(CLOSED, "open"),
          "<intercept.on_proxy_down>",
          "The same for what comes in: with \"open\", others reach the ports of a closed workload"
              + " directly and in plaintext while its proxy is not ready, and still nothing else"
              + " leaves it.");

  private static final String HOST = "host";

  static final Key<Boolean> WHOLE_HOST =
      Key.text(
          "intercept.outbound",
          Forms.choice(HOST::equals, "workload", HOST),
          "workload",
          "Whose outgoing TCP connections go through the proxy. \"workload\": those of process.user."
              + " \"host\": also those of everybody else on this host but root, SPIRE and other"
              + " workloads, while the proxy is ready; never to link-local addresses, to DNS or to"
              + " the SPIRE server, whose port has to be in skip_outbound_ports if spire.mode is"
              + " \"external\".");
  static final Key<Boolean> REJECT_QUIC =
      Key.text(
          "intercept.quic",
          Forms.choice("reject"::equals, "pass", "reject"),
          "pass",
          "What becomes of the workload's UDP to port 443, which no proxy takes: \"reject\" refuses"
              + " it, so that clients fall back to TCP. A closed workload cannot send it anyway.");
  static final Key<List<PortRange>> SKIP_OUTBOUND_PORTS =
      Key.texts(
          "intercept.skip_outbound_ports",
          directPorts(),
          List.of(),
          "TCP ports to which the workload connects directly and in plaintext, past its proxy.");
  static final Key<List<Cidr>> SKIP_OUTBOUND_NETWORKS =
      Key.texts(
          "intercept.skip_outbound_networks",
          directNetworks(),
          List.of(),
          "Networks with which the workload speaks directly and in plaintext, whatever the"
              + " protocol.");
  static final Key<List<PortRange>> ALLOW_UDP_PORTS =
      Key.texts(
          "intercept.allow_udp_ports",
          directPorts(),
          List.of(),
          "UDP ports of others with which a closed workload may speak; no proxy takes UDP.");
  static final Key<List<PortRange>> SKIP_INBOUND_PORTS =
      Key.texts(
          "intercept.skip_inbound_ports",
          directPorts(),
          List.of(),
          "TCP ports of a closed workload to which others connect directly and in plaintext; no"
              + " [[port]] can be among them.");
  static final Key<List<Cidr>> SKIP_INBOUND_NETWORKS =
      Key.texts(
          "intercept.skip_inbound_networks",
          directNetworks(),
          List.of(),
          "Networks from which others connect to the workload's ports directly and in plaintext.");

  /** More would make the program that holds a closed workload too long for the kernel. */
  private static final int MOST_SKIPS = 500;

  private static Form<List<PortRange>> directPorts() {
    return Forms.atMost(MOST_SKIPS, Forms.list(Forms.ports(), true));
  }

  private static Form<List<Cidr>> directNetworks() {
    return Forms.atMost(
        MOST_SKIPS,
        Forms.list(
            Forms.of("a network such as 10.1.0.0/16, not everything", WorkloadKeys::part), true));
  }

  private static Cidr part(String text) {
    Cidr network = Cidr.parse(text);
    if (network.prefix() == 0) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is every address, so nothing would go through the proxy; allowed: a"
              + " network such as 10.1.0.0/16");
    }
    return network;
  }

  static final Key<List<ServedPort>> PORTS =
      Key.optional(
          "port",
          new PortsForm(),
          "[{ name = \"http\", port = 8000 }]",
          "A port that the workload serves; connections to it go through the proxy.");

  static final Key<List<Probe>> PROBES =
      Key.optional(
          "probe",
          new ProbesForm(),
          "[{ tcp = 8000 }]",
          "How it is found out whether the workload serves; peers choose it while all pass.");

  /** All of them, in the order of the documentation; one that others derive from comes before. */
  static final List<Key<?>> ALL =
      Stream.of(
              List.of(
                  NAMESPACE,
                  SPIFFE_ID,
                  SERVER_NAME,
                  EXTERNAL_WORKLOAD,
                  LABELS,
                  ANNOTATIONS,
                  UNIT,
                  RESTARTS,
                  ENVIRONMENT),
              OURS_ONLY,
              List.of(
                  INBOUND,
                  OUTBOUND,
                  ADMIN,
                  LOG,
                  INBOUND_POLICY,
                  SHUTDOWN_GRACE,
                  OPAQUE_PORTS,
                  ON_PROXY_DOWN,
                  INBOUND_ON_PROXY_DOWN,
                  WHOLE_HOST,
                  REJECT_QUIC,
                  SKIP_OUTBOUND_PORTS,
                  SKIP_OUTBOUND_NETWORKS,
                  ALLOW_UDP_PORTS,
                  SKIP_INBOUND_PORTS,
                  SKIP_INBOUND_NETWORKS),
              SvidKeys.ALL,
              List.of(PORTS, PROBES))
          .<Key<?>>flatMap(List::stream)
          .toList();

  private WorkloadKeys() {}
}
