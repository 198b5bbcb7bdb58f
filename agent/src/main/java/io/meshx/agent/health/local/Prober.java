// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health.local;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.health.Confinement;
import io.meshx.agent.health.Target;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.proto.health.HealthCheckRequest;
import io.meshx.agent.proto.health.HealthCheckResponse;
import io.meshx.agent.proto.health.HealthGrpc;
import io.meshx.agent.socket.UnixSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Tries one target once. */
final class Prober implements AutoCloseable {
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;

  private final Commands commands;
  private final UnixSockets sockets;
  private @Nullable HttpClient http;

  /**
   * Tries nothing yet.
   *
   * @param commands must let a program run for as long as the longest timeout
   */
  Prober(Commands commands, UnixSockets sockets) {
    this.commands = commands;
    this.sockets = sockets;
  }

  /**
   * Tries it.
   *
   * @param name of what is run for this probe, if something is
   * @throws ProbeFailed if it fails, or takes longer than it may
   */
  void attempt(Target target, Duration timeout, Confinement confinement, String name)
      throws ProbeFailed, InterruptedException {
    switch (target) {
      case Target.Tcp tcp -> connect(tcp, timeout);
      case Target.Http get -> get(get, timeout);
      case Target.Grpc grpc -> check(grpc, timeout);
      case Target.Exec exec -> run(exec, timeout, confinement, name);
      case Target.Active active -> active(active);
    }
  }

  /** The name of what is run for a probe; not one of the units that a plan knows. */
  static String unit(WorkloadName workload, int number) {
    return "meshx_check-" + workload + "-" + number + ".service";
  }

  private static void connect(Target.Tcp tcp, Duration timeout) throws ProbeFailed {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(tcp.address().inet(), tcp.port().number()),
          Math.toIntExact(timeout.toMillis()));
    } catch (IOException e) {
      throw new ProbeFailed(e);
    }
  }

  private void get(Target.Http get, Duration timeout) throws ProbeFailed, InterruptedException {
    try {
      int status =
          client()
              .send(
                  HttpRequest.newBuilder(get.url())
                      .timeout(timeout)
                      .header("User-Agent", "meshx-agent")
                      .build(),
                  HttpResponse.BodyHandlers.discarding())
              .statusCode();
      if (status < OK || status >= BAD_REQUEST) {
        throw new ProbeFailed("HTTP " + status);
      }
    } catch (IOException e) {
      throw new ProbeFailed(e);
    }
  }

  private synchronized HttpClient client() {
    HttpClient there = http;
    if (there == null) {
      there = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      http = there;
    }
    return there;
  }

  private void check(Target.Grpc grpc, Duration timeout) throws ProbeFailed {
    ManagedChannel channel =
        sockets.channel(new InetSocketAddress(grpc.address().inet(), grpc.port().number()));
    try {
      HealthCheckResponse.ServingStatus status =
          HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
              .check(HealthCheckRequest.newBuilder().setService(grpc.service()).build())
              .getStatus();
      if (status != HealthCheckResponse.ServingStatus.SERVING) {
        throw new ProbeFailed(status.name());
      }
    } catch (StatusRuntimeException e) {
      throw new ProbeFailed(e);
    } finally {
      channel.shutdownNow();
    }
  }

  private void run(Target.Exec exec, Duration timeout, Confinement confinement, String name)
      throws ProbeFailed {
    Optional<UserName> user = exec.user().or(confinement::user);
    List<String> argv =
        new ArrayList<>(
            List.of(
                "systemd-run",
                "--quiet",
                "--wait",
                "--pipe",
                "--collect",
                "--unit=" + name,
                "--service-type=exec",
                "--slice=" + confinement.slice(),
                "--property=NoNewPrivileges=yes",
                "--property=TimeoutStopSec=1",
                "--property=RuntimeMaxSec=" + timeout.toMillis() + "ms"));
    user.ifPresent(each -> argv.add("--uid=" + each));
    confinement
        .filter()
        .ifPresent(files -> {
          argv.add("--property=IPIngressFilterPath=" + files.ingress());
          argv.add("--property=IPEgressFilterPath=" + files.egress());
        });
    argv.add("--");
    argv.addAll(exec.argv());
    long began = System.nanoTime();
    try {
      commands.run(argv, "");
    } catch (HostException.CommandFailed e) {
      throw new ProbeFailed(
          System.nanoTime() - began < timeout.toNanos()
              ? how(e)
              : "did not end within " + timeout.toMillis() + " ms");
    }
  }

  /** What the program said is what helps; of what we said around it only the status does. */
  private static String how(HostException.CommandFailed e) {
    String said =
        (e.output() + "\n" + e.error()).lines().map(String::strip).reduce("", Prober::later);
    return e.status() > 0
        ? "exit status " + e.status() + (said.isEmpty() ? "" : ": " + said)
        : String.valueOf(e.getMessage());
  }

  private static String later(String before, String line) {
    return line.isEmpty() ? before : line;
  }

  private void active(Target.Active active) throws ProbeFailed {
    try {
      commands.run("systemctl", "is-active", active.unit().text());
    } catch (HostException.CommandFailed e) {
      throw new ProbeFailed(
          e.output().isBlank() ? String.valueOf(e.getMessage()) : e.output().strip());
    }
  }

  @Override
  public synchronized void close() {
    HttpClient there = http;
    if (there != null) {
      there.shutdownNow();
    }
  }
}
