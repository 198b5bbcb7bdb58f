// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.MeshHost.Run;
import io.meshx.it.mesh.Status;
import io.meshx.it.mesh.Toml;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What systemd does unexpectedly with transient units does no harm to what the agent runs. */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class UnitTrapsIT {
  private static final int NOT_READY = 4;
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload other = Workload.numbered("other", 1);
  private MeshHost vm;
  private Host host;

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  @BeforeAll
  void join() {
    vm = mesh.hosts(MeshHost.spec("vm1", Debian.BOOKWORM)).getFirst();
    host = vm.host();
    mesh.set(vm, MeshHost.Mode.DEMO, web);
    vm.prepare(other);
    vm.join();
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  /** Only {@link #web} is left, for the next test. */
  @AfterEach
  void dropTheOther() {
    vm.drop(other);
    vm.awaitJoined();
    assertTrue(vm.dataPlane().keySet().stream().noneMatch(unit -> unit.contains("other")));
  }

  private void add(Toml toml) {
    host.write(other.path(), toml.text());
  }

  private static String array(List<String> argv) {
    return GSON.toJson(argv);
  }

  @Test
  void semicolonAndDollarInACommandAreRefusedWithTheReason() {
    SortedMap<String, Run> before = vm.dataPlane();
    for (String argument : List.of("true; sleep 1", "$HOME", "${HOME}")) {
      add(other.toml().with("process.exec", array(List.of("/bin/sh", "-c", argument))));
      String told =
          other.path()
              + ":5: process.exec[2]: '"
              + argument
              + "' has a ';' or '$', which systemd changes in a transient unit at the first restart"
              + " after a daemon-reload; put the value into a file or an environment variable";
      Await.until(
          "the status to refuse " + argument,
          LONG,
          () -> vm.status().configProblems().equals(List.of(told)));
      assertEquals(NOT_READY, vm.meshx("status").exit());
    }
    assertEquals(before, vm.dataPlane());
  }

  @Test
  void anAwkwardCommandIsTheSameAfterAReloadAndAKill() {
    List<String> argv =
        new ArrayList<>(
            List.of("/usr/bin/python3", "-c", "import time\ntime.sleep(10**6)", "", "a  b "));
    argv.addAll(List.of("it's \"quoted\" `so`", "back\\slash \\n \\x41 \\\\", "100% %n %% %i"));
    argv.addAll(List.of("tab\there", "two\nlines", "äöü ✓ 漢字", "*?[a]{b,c}~#!&|<>()", "-@:+!!"));
    add(other.toml().with("process.exec", array(argv)));
    vm.awaitJoined();
    Run first = vm.run(other.unit());
    assertEquals(argv, argvOf(first));

    host.exec("systemctl", "daemon-reload").ok();
    vm.kill9(other.unit());

    Run second = awaitAnother(other.unit(), first);
    assertEquals(argv, argvOf(second));
    vm.awaitJoined();
    assertEquals(second, vm.run(other.unit()));
  }

  private List<String> argvOf(Run run) {
    String text = host.read("/proc/" + run.pid() + "/cmdline");
    return List.of(text.substring(0, text.length() - 1).split("\0", -1));
  }

  private Run awaitAnother(String unit, Run than) {
    return Await.value(
            LONG,
            () -> Optional.of(vm.run(unit)).filter(run -> run.pid() != 0 && !run.equals(than)))
        .orElseThrow(() -> new LabException("%s did not come back after %s".formatted(unit, than)));
  }

  @Test
  void aWorkloadThatEndedForGoodKeepsItsNameUntilItIsForgottenByHandOrByAChange() {
    Toml ends =
        other
            .toml()
            .withText("process.restart", "no")
            .with("process.exec", array(List.of("/bin/sh", "-c", "sleep 0.3 && exit 3")));
    add(ends);
    awaitStep(
        "workload",
        "somebody to start unit meshx-workload-other.service again: it ended with result"
            + " 'exit-code', status 3",
        "run 'systemctl reset-failed meshx-workload-other.service' to have it started");
    assertEquals(NOT_READY, vm.meshx("status").exit());
    String failed = invocation();

    host.exec("systemctl", "reset-failed", other.unit()).ok();
    Await.until(
        "another start", LONG, () -> !invocation().isEmpty() && !invocation().equals(failed));

    awaitStep("workload", "status 3");
    add(other.toml());
    vm.awaitJoined();
    assertNotEquals(0, vm.run(other.unit()).pid());
  }

  private String invocation() {
    return host.exec("systemctl", "show", "--value", "--property=InvocationID", other.unit())
        .ok()
        .out();
  }

  private void awaitStep(String step, String... told) {
    Status.Step[] last = new Status.Step[1];
    var unused =
        Await.value(
                LONG,
                () -> {
                  Optional<Status.Step> found = vm.status().step(other.name(), step);
                  found.ifPresent(seen -> last[0] = seen);
                  return found.filter(
                      seen -> List.of(told).stream().allMatch(seen.detail()::contains));
                })
            .orElseThrow(() ->
                new LabException(
                    "waited for %s, in vain; last: %s".formatted(List.of(told), last[0])));
  }

  @Test
  void aUnitThatFailedWhenItWasStoppedIsForgottenAndStartedAgain() {
    String stubborn = "trap '' TERM && exec sleep 1000000";
    add(
        other
            .toml()
            .with("process.exec", array(List.of("/bin/sh", "-c", stubborn)))
            .withText("process.stop_timeout", "1s"));
    vm.awaitJoined();
    Run first = vm.run(other.unit());
    Await.until("it to ignore SIGTERM", LONG, () -> ignoresSigterm(first));

    Result stopped = host.exec("systemctl", "stop", other.unit());

    Run second = awaitAnother(other.unit(), first);
    assertTrue(
        host.journal(other.unit()).contains("Failed with result 'timeout'"), stopped::toString);
    assertNotEquals(first.invocation(), second.invocation());
    vm.awaitJoined();
  }

  private boolean ignoresSigterm(Run run) {
    String ignored =
        host.read("/proc/" + run.pid() + "/status")
            .lines()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElseThrow();
    return (Long.parseUnsignedLong(ignored.substring(8), 16) & (1L << (15 - 1))) != 0;
  }

  @Test
  void theWorkloadIsUntouchedWhenItsProxyDiesOrIsStopped() {
    Run workload = vm.run(web.unit());
    String rules = vm.rules();
    Run first = vm.run(web.proxyUnit());

    vm.kill9(web.proxyUnit());
    Run second = awaitAnother(web.proxyUnit(), first);
    vm.awaitJoined();
    assertEquals(workload, vm.run(web.unit()));

    host.exec("systemctl", "stop", web.proxyUnit()).ok();
    awaitAnother(web.proxyUnit(), second);
    vm.awaitJoined();
    assertEquals(workload, vm.run(web.unit()));
    assertEquals(rules, vm.rules());
  }

  @Test
  void aUnitFileOfSomebodyElseIsRespectedAndNamed() {
    String file = "/etc/systemd/system/" + other.unit();
    host.write(file, "[Service]\nExecStart=/bin/sleep 1000000\n");
    host.exec("systemctl", "daemon-reload").ok();
    add(other.toml());
    Await.until(
        "the status to name the file",
        LONG,
        () ->
            vm.meshx("status")
                .stdout()
                .contains(
                    "if 'systemctl cat meshx-workload-other.service' shows such a file, remove it and run"
                        + " 'systemctl daemon-reload'"));
    assertEquals(NOT_READY, vm.meshx("status").exit());

    host.exec("systemctl", "start", other.unit()).ok();
    Run foreign = vm.run(other.unit());
    awaitStep(
        "workload",
        "unit meshx-workload-other.service to be given up by somebody else: it is loaded and this"
            + " agent did not start it; stop it and remove its unit file");
    assertEquals(foreign, vm.run(other.unit()));

    host.exec("systemctl", "stop", other.unit()).ok();
    host.delete(file);
    host.exec("systemctl", "daemon-reload").ok();
    vm.awaitJoined();
    assertEquals(List.of("/workload/start", "-listen", ":8001"), argvOf(vm.run(other.unit())));
  }

  @Test
  void aUnitWithAPrefixOfOursAndNoWorkloadsNameIsLeftAlone() {
    String foreign = "meshx-workload-Not_Ours.service";
    String agent = agent();
    host.exec("systemd-run", "--quiet", "--unit=" + foreign, "/bin/sleep", "1000000").ok();
    Run run = vm.run(foreign);
    try {
      add(other.toml());
      vm.awaitJoined();
      assertEquals(run, vm.run(foreign));
      assertEquals(agent, agent(), "the agent was not restarted");
    } finally {
      host.exec("systemctl", "stop", foreign).ok();
    }
  }

  private String agent() {
    return host.exec("systemctl", "show", "--property=InvocationID", MeshHost.AGENT_UNIT)
        .ok()
        .out();
  }
}
