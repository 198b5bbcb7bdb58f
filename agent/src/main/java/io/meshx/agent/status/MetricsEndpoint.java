// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.status;

import io.meshx.agent.model.Port;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** The agent's metrics in Prometheus' text form, on loopback only. */
public final class MetricsEndpoint implements AutoCloseable {
  private final HTTPServer server;

  private MetricsEndpoint(HTTPServer server) {
    this.server = server;
  }

  /**
   * Starts the endpoint.
   *
   * @param port port on 127.0.0.1
   * @param latest the last snapshot; empty before the first pass
   * @param clock wall time
   * @throws IOException if the port is taken
   */
  public static MetricsEndpoint open(
      Port port, Supplier<Optional<Snapshot>> latest, InstantSource clock) throws IOException {
    PrometheusRegistry registry = new PrometheusRegistry();
    GaugeWithCallback.builder()
        .name("meshx_joined")
        .help("1 when every step is done, else 0")
        .callback(callback -> latest.get().ifPresent(s -> callback.call(s.joined() ? 1 : 0)))
        .register(registry);
    GaugeWithCallback.builder()
        .name("meshx_step_done")
        .help("1 when the step is done, else 0")
        .labelNames("scope", "step")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .steps()
                        .forEach(step ->
                            callback.call(
                                step.state().equals("done") ? 1 : 0, step.scope(), step.name()))))
        .register(registry);
    GaugeWithCallback.builder()
        .name("meshx_svid_expiry_timestamp_seconds")
        .help("End of validity of an SVID, Unix time")
        .labelNames("name", "spiffe_id")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .svids()
                        .forEach((name, svid) ->
                            callback.call(
                                (double) Instant.parse(svid.notAfter()).getEpochSecond(),
                                name,
                                svid.id()))))
        .register(registry);
    GaugeWithCallback.builder()
        .name("meshx_svid_seconds_to_expiry")
        .help("Validity of an SVID that is left; negative once it has expired")
        .labelNames("name", "spiffe_id")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .svids()
                        .forEach((name, svid) ->
                            callback.call(
                                (double)
                                    (Instant.parse(svid.notAfter()).getEpochSecond()
                                        - clock.instant().getEpochSecond()),
                                name,
                                svid.id()))))
        .register(registry);
    spireAgent(
        registry,
        "meshx_spire_agent_svid_expiry_timestamp_seconds",
        "End of validity of the SPIRE agent's own SVID, Unix time",
        latest,
        Snapshot.SpireAgentLine::notAfter);
    spireAgent(
        registry,
        "meshx_spire_agent_last_sync_timestamp_seconds",
        "When the SPIRE agent last heard from its server, Unix time",
        latest,
        Snapshot.SpireAgentLine::lastSync);
    CounterWithCallback.builder()
        .name("meshx_svid_rotations_total")
        .help("Rotations of an SVID seen since the agent started")
        .labelNames("name", "spiffe_id")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .svids()
                        .forEach((name, svid) -> callback.call(svid.rotations(), name, svid.id()))))
        .register(registry);
    GaugeWithCallback.builder()
        .name("meshx_probe_passing")
        .help("1 while a probe of a workload says that it serves, else 0")
        .labelNames("workload", "probe")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .probes()
                        .forEach(probe ->
                            callback.call(
                                probe.state().equals("passing") ? 1 : 0,
                                probe.workload(),
                                probe.target()))))
        .register(registry);
    CounterWithCallback.builder()
        .name("meshx_probe_falls_total")
        .help("How often a probe has begun to fail since its workload started")
        .labelNames("workload", "probe")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .probes()
                        .forEach(probe ->
                            callback.call(probe.falls(), probe.workload(), probe.target()))))
        .register(registry);
    GaugeWithCallback.builder()
        .name("meshx_external_workload_ready")
        .help("1 when the ExternalWorkload says that peers may choose the workload, else 0")
        .labelNames("resource")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .cluster()
                        .ready()
                        .forEach((name, ready) -> callback.call(ready ? 1 : 0, name))))
        .register(registry);
    GaugeWithCallback.builder()
        .name("meshx_kubernetes_api_up")
        .help("1 when the Kubernetes API answers, else 0; no sample where none is asked")
        .callback(callback ->
            latest
                .get()
                .map(Snapshot::cluster)
                .filter(Snapshot.ClusterLine::told)
                .ifPresent(cluster -> callback.call(cluster.answers() ? 1 : 0)))
        .register(registry);
    counter(
        registry,
        "meshx_kubernetes_requests_total",
        "Requests to the Kubernetes API",
        latest,
        snapshot -> snapshot.cluster().requests());
    counter(registry, "meshx_passes_total", "Passes of the loop", latest, Snapshot::passes);
    CounterWithCallback.builder()
        .name("meshx_changes_total")
        .help("Changes applied, by what they changed; after a join they put back what others took")
        .labelNames("aspect")
        .callback(callback ->
            latest
                .get()
                .ifPresent(snapshot ->
                    snapshot
                        .changesOf()
                        .forEach((aspect, number) -> callback.call((double) number, aspect))))
        .register(registry);
    counter(
        registry,
        "meshx_change_failures_total",
        "Changes that the host refused",
        latest,
        Snapshot::failures);
    counter(
        registry,
        "meshx_rule_heals_total",
        "Redirect rules that somebody changed and that were put back",
        latest,
        snapshot -> snapshot.heals().count());
    seconds(
        registry,
        "meshx_rule_heal_last_seconds",
        "How long the last redirect rules that were put back were away",
        latest,
        snapshot -> snapshot.heals().lastMillis());
    seconds(
        registry,
        "meshx_rule_heal_longest_seconds",
        "The longest time that redirect rules were away before they were put back",
        latest,
        snapshot -> snapshot.heals().count() == 0 ? -1 : snapshot.heals().longestMillis());
    seconds(
        registry,
        "meshx_full_pass_seconds",
        "How long the last complete look and plan took",
        latest,
        Snapshot::fullPassMillis);
    return new MetricsEndpoint(
        HTTPServer.builder()
            .inetAddress(InetAddress.getLoopbackAddress())
            .port(port.number())
            .registry(registry)
            .buildAndStart());
  }

  private static void spireAgent(
      PrometheusRegistry registry,
      String name,
      String help,
      Supplier<Optional<Snapshot>> latest,
      Function<Snapshot.SpireAgentLine, String> time) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback ->
            latest
                .get()
                .map(Snapshot::spireAgent)
                .map(time)
                .filter(text -> !text.isEmpty())
                .ifPresent(text -> callback.call((double) Instant.parse(text).getEpochSecond())))
        .register(registry);
  }

  private static void counter(
      PrometheusRegistry registry,
      String name,
      String help,
      Supplier<Optional<Snapshot>> latest,
      ToLongFunction<Snapshot> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(
            callback -> latest.get().ifPresent(s -> callback.call((double) value.applyAsLong(s))))
        .register(registry);
  }

  /** A gauge from milliseconds, without a sample while they are negative. */
  private static void seconds(
      PrometheusRegistry registry,
      String name,
      String help,
      Supplier<Optional<Snapshot>> latest,
      ToDoubleFunction<Snapshot> millis) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback ->
            latest
                .get()
                .map(millis::applyAsDouble)
                .filter(value -> value >= 0)
                .ifPresent(value -> callback.call(value / 1000)))
        .register(registry);
  }

  @Override
  public void close() {
    server.close();
  }
}
