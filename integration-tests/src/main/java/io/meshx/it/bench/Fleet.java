// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.meshx.it.cluster.KubeApi;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.Step;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A thousand hosts that tell one Kubernetes API of their workloads: the agent's own code for that,
 * in one program beside the API server.
 */
final class Fleet {
  private static final int HOSTS = 1000;
  private static final Duration SOON = Duration.ofMinutes(4);

  /** Long enough for each host to renew its lease twice. */
  private static final double STEADY_SECONDS = 95;

  private static final double MINUTE = 60;
  private static final Pattern BYTES = Pattern.compile("bytes ([0-9]+)");

  private final Mesh mesh;
  private final Figures figures;

  Fleet(Mesh mesh, Figures figures) {
    this.mesh = mesh;
    this.figures = figures;
  }

  void run() {
    try (KubeApi kubernetes = KubeApi.start(mesh.lab().cluster(), mesh.pki())) {
      kubernetes.defineExternalWorkloads();
      kubernetes.namespace(Workload.NAMESPACE);
      kubernetes.namespace("meshx-hosts");
      count();
      try (Daemon fleet = start(kubernetes)) {
        measure(kubernetes, fleet);
      }
    }
  }

  /** All bytes to and from the API server: over loopback each packet leaves once. */
  private void count() {
    for (String what :
        List.of(
            "add table inet fleet",
            "add chain inet fleet out { type filter hook output priority 0; }",
            "add rule inet fleet out tcp dport " + KubeApi.PORT + " counter",
            "add rule inet fleet out tcp sport " + KubeApi.PORT + " counter")) {
      mesh.lab().cluster().run("nft", what).ok();
    }
  }

  private double bytes() {
    Matcher matcher =
        BYTES.matcher(
            mesh.lab().cluster().run("nft", "list", "table", "inet", "fleet").ok().stdout());
    double sum = 0;
    while (matcher.find()) {
      sum += Double.parseDouble(matcher.group(1));
    }
    return sum;
  }

  private Daemon start(KubeApi kubernetes) {
    Path deb = MeshHost.deb();
    Path jars = deb.resolveSibling("stage/usr/lib/meshx-agent/lib");
    Path fakes = deb.resolveSibling("../../agent/target/meshx-agent-0.1.0-tests.jar").normalize();
    return mesh.lab()
        .cluster()
        .start(
            "fleet",
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx3g",
                "-cp",
                fakes + ":" + jars + "/*",
                "io.meshx.agent.testing.SimulatedFleet",
                "https://localhost:" + KubeApi.PORT,
                kubernetes.authority().toString(),
                kubernetes.tokenFile().toString(),
                Integer.toString(HOSTS)),
            Map.of());
  }

  private static JsonObject last(Daemon fleet) {
    return fleet
        .log()
        .lines()
        .filter(line -> line.startsWith("{") && line.endsWith("}"))
        .reduce((_, later) -> later)
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .orElseGet(JsonObject::new);
  }

  private static double number(JsonObject line, String name) {
    return line.has(name) ? line.get(name).getAsDouble() : 0;
  }

  private static JsonObject until(String what, Daemon fleet, String name, double least) {
    Await.until(what, SOON, () -> number(last(fleet), name) >= least);
    return last(fleet);
  }

  private void measure(KubeApi kubernetes, Daemon fleet) {
    try (Step step = Step.of("tell one API of a thousand hosts")) {
      JsonObject ready = until("all to be ready", fleet, "ready", HOSTS);
      figures.add("fleet_ready_s", 1, Numbers.of(number(ready, "seconds")));
      step.done();
    }
    try (Step step = Step.of("watch a thousand hosts for " + (int) STEADY_SECONDS + " s")) {
      JsonObject before = last(fleet);
      double bytes = bytes();
      JsonObject after =
          until("time to pass", fleet, "seconds", number(before, "seconds") + STEADY_SECONDS);
      double minutes = (number(after, "seconds") - number(before, "seconds")) / MINUTE;
      figures.add(
          "api_requests_per_host_minute",
          2,
          Numbers.of((number(after, "requests") - number(before, "requests")) / HOSTS / minutes),
          2);
      figures.add(
          "api_kb_per_host_minute", 1, Numbers.of((bytes() - bytes) / 1000 / HOSTS / minutes));
      step.done();
    }
    try (Step step = Step.of("start the API again under a thousand hosts")) {
      kubernetes.stop();
      Await.until("all to notice", SOON, () -> number(last(fleet), "answered") == 0);
      kubernetes.startAgain();
      JsonObject back = last(fleet);
      JsonObject all = until("all to be answered", fleet, "answered", HOSTS);
      figures.add("fleet_back_s", 1, Numbers.of(number(all, "seconds") - number(back, "seconds")));
      figures.add("fleet_back_requests_per_host_s", 2, Numbers.of(most(fleet, back)));
      step.done();
    }
  }

  /** The most requests in one second since then, for each host. */
  private static double most(Daemon fleet, JsonObject since) {
    double most = 0;
    double before = number(since, "requests");
    for (String line : fleet.log().lines().filter(each -> each.startsWith("{")).toList()) {
      JsonObject each = JsonParser.parseString(line).getAsJsonObject();
      if (number(each, "seconds") > number(since, "seconds")) {
        most = Math.max(most, number(each, "requests") - before);
        before = number(each, "requests");
      }
    }
    return most / HOSTS;
  }
}
