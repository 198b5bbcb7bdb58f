// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.demo;

import io.meshx.it.cache.Cache;
import io.meshx.it.cluster.SpireServer;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.HostSnapshot;
import io.meshx.it.mesh.Answer;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshLab;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Workload;
import io.meshx.it.realmesh.RealMesh;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The demonstration: two Linux hosts join one mesh, talk to each other, see an identity rotate and
 * leave again. {@code --keep} leaves them running after the status.
 */
public final class Demo {
  private static final String SERVICE_IP = "10.96.7.2";
  private static final String SVID_TTL = "30s";
  private static final Duration TIME_TO_VANISH = Duration.ofSeconds(5);
  private static final Duration TIME_TO_ROTATE = Duration.ofSeconds(60);
  private static final Pattern SERVER_ID =
      Pattern.compile("tls=\"true\",[^}]*server_id=\"([^\"]+)\"");

  private final Story story;
  private final boolean keep;
  private final Workload web = Workload.first("web");
  private final Workload api = Workload.first("api");
  private List<MeshHost> hosts = List.of();

  private Demo(Story story, boolean keep) {
    this.story = story;
    this.keep = keep;
  }

  /** Runs it; exits with 1 when something does not work, and with 2 for a wrong argument. */
  public static void main(String[] args) {
    List<String> given = List.of(args);
    if (!given.isEmpty() && !given.equals(List.of("--keep"))) {
      System.err.println("usage: demo [--keep]");
      System.exit(2);
    }
    int status;
    try (Story story = Story.begin()) {
      status = new Demo(story, given.contains("--keep")).run() ? 0 : 1;
    }
    System.exit(status);
  }

  private boolean run() {
    story.text(
        """
        meshx-agent: two Linux hosts join one mesh

        Two Debian hosts with real systemd boot in network namespaces of this machine. Each
        gets the package, the configuration of one workload ('web' and 'api'), and the trust
        anchor with its key: mode demo, in which a host runs a SPIRE server of its own, for
        evaluation only. They join, 'web' calls 'api' by its Service name, an identity
        rotates under traffic, and both leave.
        """);
    try (MeshLab mesh = openMesh()) {
      try {
        play(mesh);
      } catch (LabException e) {
        explain(e);
        return false;
      }
    } catch (LabException e) {
      story.line("FAILED: " + e.getMessage());
      return false;
    }
    return true;
  }

  private MeshLab openMesh() {
    story.chapter("Two hosts with the package");
    return Cache.proxy().standIn() ? Mesh.open() : RealMesh.open(SpireServer.Settings.DEFAULT);
  }

  private void play(MeshLab mesh) {
    hosts = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM), MeshHost.spec("vm2", Debian.TRIXIE));
    MeshHost vm1 = hosts.getFirst();
    MeshHost vm2 = hosts.getLast();
    set(mesh, vm1, web);
    set(mesh, vm2, api);
    String url = mesh.service(SERVICE_IP, vm2, api);
    List<HostSnapshot> before = hosts.stream().map(MeshHost::snapshot).toList();

    story.chapter("What the agent would do on vm1");
    story.command("vm1", "meshx plan", vm1.meshx("plan").stdout());

    story.chapter("Both hosts join");
    Mesh.onAll(hosts, host -> new JoinWatch(story, host).run());

    story.chapter("'web' on vm1 calls 'api' on vm2");
    call(vm1, vm2, url);

    story.chapter("An identity rotates");
    rotate(vm1, url);

    story.chapter("The status");
    story.command("vm1", "meshx status", vm1.meshx("status").stdout());

    if (keep) {
      keepRunning(url);
    }
    story.chapter("Both hosts leave");
    leave(before);
    story.chapter("The end");
  }

  private void set(MeshLab mesh, MeshHost host, Workload workload) {
    mesh.set(host, MeshHost.Mode.DEMO, workload);
    host.configure(host.toml(MeshHost.Mode.DEMO).withText("spire.svid_ttl", SVID_TTL));
  }

  private void call(MeshHost vm1, MeshHost vm2, String url) {
    Answer answer = vm1.awaitRequest(web, url);
    story.line(
        "GET %s from '%s' was answered by '%s' on %s"
            .formatted(url, web.name(), answer.workload(), answer.node()));
    story.line("the callee's proxy saw   " + orNobody(answer.clientId()));
    String serverId = serverId(vm1);
    story.line("the caller's proxy saw   " + orNobody(serverId));
    if (!answer.clientId().equals(web.spiffeId()) || !serverId.equals(api.spiffeId())) {
      throw new LabException(
          "the identities of a request from %s to %s are not theirs".formatted(vm1, vm2));
    }
  }

  private String serverId(MeshHost caller) {
    Matcher matcher = SERVER_ID.matcher(caller.proxyMetrics(web));
    String found = "";
    while (matcher.find()) {
      if (!matcher.group(1).contains("linkerd-destination")) {
        found = matcher.group(1);
      }
    }
    return found;
  }

  private static String orNobody(String id) {
    return id.isEmpty() ? "nobody: the request was not encrypted" : id;
  }

  private void rotate(MeshHost host, String url) {
    Status.Svid before = svid(host);
    story.line("each SVID is valid for %s here; web's now:".formatted(SVID_TTL));
    story.line(describe(before));
    try (Traffic traffic = Traffic.start(host, web, url)) {
      Status.Svid after =
          Await.value(
                  TIME_TO_ROTATE,
                  () ->
                      Optional.of(svid(host))
                          .filter(svid -> !svid.serial().equals(before.serial())))
              .orElseThrow(() ->
                  new LabException("waited %s for a rotation, in vain".formatted(TIME_TO_ROTATE)));
      story.line(describe(after));
      story.line(traffic.stop());
      if (traffic.failed()) {
        throw new LabException("requests failed while an identity rotated");
      }
    }
  }

  private Status.Svid svid(MeshHost host) {
    Status.Svid svid = host.status().svids().get(web.name());
    if (svid == null) {
      throw new LabException("the status of %s shows no SVID of 'web'".formatted(host.name()));
    }
    return svid;
  }

  private static String describe(Status.Svid svid) {
    return "  serial %s, valid until %s, %d s left, %d rotations seen"
        .formatted(svid.serial(), svid.notAfter(), svid.secondsLeft(), svid.rotations());
  }

  private void keepRunning(String url) {
    story.chapter("Both hosts stay");
    for (MeshHost host : hosts) {
      List<String> enter = new ArrayList<>(host.host().enter());
      enter.addAll(List.of("bash", "-l"));
      story.text("a shell on %s:  %s".formatted(host.name(), String.join(" ", enter)));
    }
    story.text(
        """

        to try there:    meshx status; nft list table inet meshx; journalctl -u 'meshx*'
        a call on vm1:   curl 'localhost:%d/fetch?url=%s'

        Press Enter to let them leave, or Ctrl-C to remove everything at once.
        """
            .formatted(web.port(), url));
    try {
      if (System.in.read() < 0) {
        new CountDownLatch(1).await(); // There is no terminal to press a key on.
      }
    } catch (IOException e) {
      throw new LabException("waiting for a key", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void leave(List<HostSnapshot> before) {
    for (int i = 0; i < hosts.size(); i++) {
      MeshHost host = hosts.get(i);
      Result down = host.meshx("down");
      story.command(host.name(), "meshx down", down.stdout() + down.stderr());
      down.ok();
      HostSnapshot then = before.get(i);
      // Processes and sockets that end may outlive the command by a moment.
      if (Await.value(
              TIME_TO_VANISH,
              () -> Optional.of(host.snapshot()).filter(now -> then.difference(now).isEmpty()))
          .isEmpty()) {
        throw new LabException(
            host.name()
                + " is not as it was before the start:\n"
                + then.difference(host.snapshot()));
      }
      story.line(
          host.name()
              + " is as it was before the start: firewall, routes, rules, links, addresses, DNS,"
              + " units, processes, listeners, users and files are the same. Only what SPIRE keeps"
              + " in /var/lib/meshx-agent stays, to join again; 'apt purge' removes it.");
    }
  }

  /** Says what failed and shows what the hosts know about it. */
  private void explain(LabException failure) {
    story.chapter("FAILED");
    story.line(String.valueOf(failure.getMessage()));
    for (MeshHost host : hosts) {
      if (!host.host().running()) {
        story.line(host.name() + " does not run");
        continue;
      }
      Result status = host.meshx("status");
      story.command(host.name(), "meshx status", status.stdout() + status.stderr());
      story.line(host.name() + "# journalctl -n 25 -u 'meshx*'");
      story.raw(
          host.host()
              .exec("journalctl", "-q", "--no-pager", "--no-hostname", "-n", "25", "-u", "meshx*")
              .stdout());
    }
  }
}
