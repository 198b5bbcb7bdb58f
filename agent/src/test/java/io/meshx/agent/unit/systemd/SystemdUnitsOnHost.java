// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.Capability;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Signal;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.process.WorkloadUnit;
import io.meshx.agent.testing.FakeUnits.Start;
import io.meshx.agent.unit.Activity;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import io.meshx.agent.unit.Units;
import io.meshx.agent.unit.UnitsContract;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The units of a real host under systemd. Test suites that have such a host extend it; they are run
 * one after the other and restart the host's bus.
 */
public abstract class SystemdUnitsOnHost extends UnitsContract {
  private final Commands host;
  private final SystemBus bus;
  private final SystemdUnits units;

  /**
   * Connects to the host.
   *
   * @param busAddress D-Bus address of the host's system bus, as seen from here
   * @param host runs a command on the host
   */
  protected SystemdUnitsOnHost(String busAddress, Commands host) {
    this.host = host;
    this.bus = SystemBus.open(busAddress);
    this.units = new SystemdUnits(bus);
  }

  @Override
  protected Units units() {
    return units;
  }

  @Override
  protected void expect(UnitName name, Start start) {}

  @Override
  @AfterEach
  protected void removeAll() throws HostException, InterruptedException {
    super.removeAll();
    bus.close();
  }

  @Test
  void runningUnitIsUntouchedByADaemonReload() throws HostException, InterruptedException {
    startRunning();
    UnitState before = untilRunning();

    host.run("systemctl", "daemon-reload");

    assertEquals(Optional.of(before), seen());
    units.stop(UNIT);
    look.until(units::observe, Map::isEmpty);
  }

  @Test
  void runningUnitIsUntouchedByADaemonReexec() throws HostException, InterruptedException {
    startRunning();
    UnitState before = untilRunning();

    host.run("systemctl", "daemon-reexec");

    look.until(this::seen, Optional.of(before)::equals);
    units.stop(UNIT);
    look.until(units::observe, Map::isEmpty);
  }

  @Test
  void signalsComeAgainAfterARestartOfTheBus() throws HostException, InterruptedException {
    startRunning();
    UnitState before = untilRunning();

    host.run("systemctl", "restart", "dbus");
    // Unlike systemd, the resolver stays away from a new bus.
    host.run("systemctl", "try-restart", "systemd-resolved");

    look.until(this::seen, Optional.of(before)::equals);
    units.stop(UNIT);
    look.until(units::observe, Map::isEmpty);
  }

  @Test
  void killedUnitComesBackAsAnotherInvocation() throws HostException, InterruptedException {
    start(service().exec(List.of("/bin/sleep", "1000")).restart("always", Duration.ofMillis(100)));
    UnitState before = untilRunning();

    host.run("kill", "-9", Integer.toString(running(before).mainPid()));

    UnitState after = untilAnotherRuns(before);
    assertEquals(before.fingerprint(), after.fingerprint());
    assertNotEquals(running(before).invocation(), running(after).invocation());
  }

  @Test
  void awkwardArgumentsSurviveAReloadAndARestart() throws HostException, InterruptedException {
    List<String> awkward =
        List.of(
            "with spaces  in it ",
            "",
            "'single' \"double\" `back`",
            "back\\slash \\n \\x41 \\\\",
            "100% %n %% %i",
            "tab\there",
            "two\nlines",
            "äöü ✓ 漢字",
            "*?[a-z]{b,c}~#!&|<>()",
            "-leading",
            "@:+!!");
    List<String> argv =
        new ArrayList<>(List.of("/bin/sh", "-c", "sleep 1000 & wait", "program's name"));
    argv.addAll(awkward);
    start(service().exec(argv).restart("always", Duration.ofMillis(100)));
    UnitState first = untilRunning();
    assertEquals(argv, argvOf(first));

    host.run("systemctl", "daemon-reload");
    host.run("kill", "-9", Integer.toString(running(first).mainPid()));
    UnitState second = untilAnotherRuns(first);

    assertEquals(argv, argvOf(second));
  }

  @Test
  void everyKindOfPropertyTakesEffect() throws HostException, InterruptedException {
    host.run("cp", "/etc/hostname", "/run/contract-credential");
    host.run("cp", "/dev/null", "/run/contract.env");
    start(
        service()
            .execBefore(List.of("/bin/true", "an argument"))
            .exec(List.of("/bin/sleep", "1000"))
            .slice(new UnitName("meshx-contract.slice"))
            .environment(new TreeMap<>(Map.of("VALUE", "a;b $c \"d\"")))
            .environmentFiles(List.of(Path.of("/run/contract.env")))
            .credentials(new TreeMap<>(Map.of("name", Path.of("/run/contract-credential"))))
            .timeoutStop(Duration.ofSeconds(7))
            .set("NoNewPrivileges", new Property.Flag(true))
            .set("RuntimeMaxUSec", new Property.Unsigned(-1))
            .journalField("CONTRACT", "yes"));
    UnitState state = untilRunning();

    host.run("systemctl", "daemon-reload");

    assertEquals(Optional.of(state), seen());
    Set<String> lines =
        Set.copyOf(
            host.run(
                    "systemctl",
                    "show",
                    UNIT.text(),
                    "--property=Slice,Environment,EnvironmentFiles,LoadCredential,TimeoutStopUSec,"
                        + "NoNewPrivileges,RuntimeMaxUSec,LogExtraFields")
                .lines()
                .toList());
    assertTrue(
        lines.containsAll(
            List.of(
                "Slice=meshx-contract.slice",
                "EnvironmentFiles=/run/contract.env (ignore_errors=no)",
                "TimeoutStopUSec=7s",
                "NoNewPrivileges=yes",
                "RuntimeMaxUSec=infinity")),
        lines.toString());
    String pid = Integer.toString(running(state).mainPid());
    assertTrue(
        List.of(host.run("cat", "/proc/" + pid + "/environ").split("\0", -1))
            .contains("VALUE=a;b $c \"d\""));
    assertEquals(
        host.run("cat", "/etc/hostname"), host.run("cat", "/run/credentials/" + UNIT + "/name"));
  }

  @Test
  void limitsAndSandboxOfAWorkloadHoldAlsoAfterAReloadAndARestart()
      throws HostException, InterruptedException {
    Set<String> wanted =
        Set.of(
            "Type=notify",
            "KillSignal=2",
            "StartLimitBurst=7",
            "StartLimitIntervalUSec=1min",
            "TimeoutStartUSec=20s",
            "MemoryMax=268435456",
            "CPUQuotaPerSecUSec=1.500000s",
            "TasksMax=64",
            "LimitNOFILE=4096",
            "LimitNOFILESoft=4096",
            "SupplementaryGroups=tty",
            "ProtectSystem=strict",
            "ReadWritePaths=/var/tmp",
            "ProtectHome=read-only",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
            "ProtectClock=yes",
            "ProtectControlGroups=yes",
            "ProtectKernelLogs=yes",
            "ProtectKernelModules=yes",
            "ProtectKernelTunables=yes",
            "RestrictSUIDSGID=yes",
            "MemoryDenyWriteExecute=yes",
            "AmbientCapabilities=cap_net_bind_service",
            "CapabilityBoundingSet=cap_net_bind_service");
    start(
        WorkloadUnit.settings(
                service()
                    // systemd-notify is a child, so that the first process has to wait for it.
                    .exec(List.of("/bin/sh", "-c", "systemd-notify --ready && exec sleep 1000"))
                    .set("NotifyAccess", new Property.Text("all"))
                    .user(new UserName("daemon"))
                    .restart("always", Duration.ofMillis(100)),
                new AgentConfig.Start(
                    "notify",
                    Duration.ofSeconds(20),
                    "always",
                    Duration.ofMillis(100),
                    7,
                    Duration.ofMinutes(1)),
                new AgentConfig.Stop(Signal.SIGINT, Duration.ofSeconds(5)),
                new AgentConfig.Limits(
                    Optional.of(256L << 20), Optional.of(150), Optional.of(64), Optional.of(4096)),
                new AgentConfig.Sandbox(
                    "strict",
                    List.of(Path.of("/var/tmp")),
                    "read-only",
                    true,
                    true,
                    true,
                    true,
                    true,
                    List.of(Capability.CAP_NET_BIND_SERVICE)))
            .set("SupplementaryGroups", new Property.Strings(List.of("tty"))));
    UnitState first = untilRunning();
    assertEquals(wanted, shown(wanted));

    host.run("systemctl", "daemon-reload");
    host.run("kill", "-9", Integer.toString(running(first).mainPid()));
    UnitState second = untilAnotherRuns(first);

    assertEquals(wanted, shown(wanted));
    String status = host.run("cat", "/proc/" + running(second).mainPid() + "/status");
    assertTrue(status.contains("CapEff:\t0000000000000400\n"), status);
    assertTrue(status.contains("CapBnd:\t0000000000000400\n"), status);
  }

  /** Waits until the unit runs again. */
  private UnitState untilAnotherRuns(UnitState before) throws HostException, InterruptedException {
    return look.until(
            this::seen,
            state ->
                state.isPresent()
                    && state.get().activity() instanceof Activity.Running
                    && !state.get().equals(before))
        .orElseThrow();
  }

  /** Those of the unit's properties that are named in a set, as systemd has them. */
  private Set<String> shown(Set<String> named) throws HostException {
    String names =
        named.stream().map(each -> each.split("=", 2)[0]).collect(Collectors.joining(","));
    return Set.copyOf(
        host.run("systemctl", "show", UNIT.text(), "--property=" + names).lines().toList());
  }

  @Test
  void unitThatIsOnlyMentionedIsNotSeen() throws HostException, InterruptedException {
    start(
        service()
            .exec(List.of("/bin/sleep", "1000"))
            .afterAndWants(List.of(new UnitName("meshx-not-there.service"))));
    untilRunning();

    assertEquals(Set.of(UNIT), units.observe().keySet());
  }

  @Test
  void unitThatSomebodyElseStartedHasNoFingerprint() throws HostException, InterruptedException {
    UnitName foreign = new UnitName("meshx-foreign.service");
    host.run("systemd-run", "-q", "--unit=" + foreign, "/bin/sleep", "1000");

    UnitState state =
        look.until(
                () -> Optional.ofNullable(units.observe().get(foreign)),
                seen ->
                    seen.map(UnitState::activity).stream()
                        .anyMatch(Activity.Running.class::isInstance))
            .orElseThrow();

    assertEquals(Optional.empty(), state.fingerprint());
    units.stop(foreign);
  }

  @Test
  void programThatIsMissingFailsTheUnit() throws HostException, InterruptedException {
    start(
        UnitSpec.service(UNIT, Digest.of("missing"), "missing program")
            .exec(List.of("/nowhere/program")));

    assertEquals(new Activity.Failed("exit-code", 203), until(Activity.Failed.class).activity());
  }

  private List<String> argvOf(UnitState state) throws HostException {
    String text = host.run("cat", "/proc/" + running(state).mainPid() + "/cmdline");
    return List.of(text.substring(0, text.length() - 1).split("\0", -1));
  }

  private static Activity.Running running(UnitState state) {
    return (Activity.Running) state.activity();
  }
}
