// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.SpecText;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkloadUnitTest {
  @TempDir Path root;

  private static AgentConfig.WorkloadProcess.Ours ours(Workload workload) {
    return assertInstanceOf(AgentConfig.WorkloadProcess.Ours.class, workload.process());
  }

  @Test
  void theUnitKeepsTheContractAndTakesWhatTheUserConfigured() throws ConfigException {
    AgentConfig config =
        ConfigDirectory.minimal(root, "agent")
            .file("web.env", "")
            .workload(
                "web",
                Map.of(
                    "process.exec", "[\"/srv/web\", \"--port\", \"8000\"]",
                    "process.user", "\"www\"",
                    "process.working_directory", "\"/srv\"",
                    "process.environment", "{ LANG = \"C\", PRICE = \"$5; two\" }",
                    "process.environment_files", "[\"web.env\"]",
                    "process.restart", "\"on-failure\"",
                    "process.restart_delay", "\"250ms\"",
                    "process.stop_timeout", "\"1m\""))
            .read();
    Workload web = Objects.requireNonNull(config.workloads().get(new WorkloadName("web")));
    UnitSpec spec =
        WorkloadUnit.of(
            config,
            web,
            ours(web),
            Optional.of(
                new FilterPaths(Path.of("/sys/fs/bpf/meshx/x"), Path.of("/sys/fs/bpf/meshx/x"))));
    assertEquals("meshx-workload-web.service", spec.name().text());
    assertEquals(web.given().process(), spec.config());
    assertEquals(
        """
        AmbientCapabilities=Unsigned[value=0]
        Before=Strings[values=[meshx-drain.service]]
        CapabilityBoundingSet=Unsigned[value=0]
        Description=Text[value=Workload web]
        Environment=Strings[values=[LANG=C, NODE_NAME=vm-1, PRICE=$5; two, WORKLOAD_NAME=web, \
        WORKLOAD_NAMESPACE=mixed-env]]
        EnvironmentFiles=EnvironmentFiles[paths=[ROOT/web.env]]
        ExecStart=Commands[argvs=[[/srv/web, --port, 8000]]]
        IPEgressFilterPath=Strings[values=[/sys/fs/bpf/meshx/x]]
        IPIngressFilterPath=Strings[values=[/sys/fs/bpf/meshx/x]]
        LogExtraFields=JournalFields[fields={MESHX_WORKLOAD=web}]
        NoNewPrivileges=Flag[value=true]
        PrivateDevices=Flag[value=true]
        PrivateTmp=Flag[value=true]
        ProtectClock=Flag[value=true]
        ProtectControlGroups=Flag[value=true]
        ProtectHome=Text[value=read-only]
        ProtectKernelLogs=Flag[value=true]
        ProtectKernelModules=Flag[value=true]
        ProtectKernelTunables=Flag[value=true]
        ProtectSystem=Text[value=full]
        Restart=Text[value=on-failure]
        RestartUSec=Unsigned[value=250000]
        RestrictSUIDSGID=Flag[value=true]
        Slice=Text[value=meshx-workload.slice]
        StartLimitIntervalUSec=Unsigned[value=0]
        TimeoutStopUSec=Unsigned[value=60000000]
        Type=Text[value=exec]
        User=Text[value=www]
        WorkingDirectory=Text[value=/srv]
        """,
        SpecText.of(spec).replace(root.toString(), "ROOT"));
  }

  @Test
  void whatSystemdIsToldOfLimitsAndSandboxIsWhatTheUserConfigured() throws ConfigException {
    AgentConfig config =
        ConfigDirectory.minimal(root, "agent")
            .file("secret", "")
            .workload(
                "web",
                Map.ofEntries(
                    Map.entry("process.type", "\"notify\""),
                    Map.entry("process.start_timeout", "\"20s\""),
                    Map.entry("process.start_limit", "3"),
                    Map.entry("process.start_limit_interval", "\"1m\""),
                    Map.entry("process.stop_signal", "\"SIGQUIT\""),
                    Map.entry("process.groups", "[\"ssl-cert\"]"),
                    Map.entry("process.credentials", "{ key = \"" + root + "/secret\" }"),
                    Map.entry("limits.memory_max", "\"256M\""),
                    Map.entry("limits.cpu_quota", "\"150%\""),
                    Map.entry("limits.tasks_max", "64"),
                    Map.entry("limits.open_files", "4096"),
                    Map.entry("sandbox.protect_system", "\"strict\""),
                    Map.entry("sandbox.writable_paths", "[\"" + root + "\"]"),
                    Map.entry("sandbox.protect_home", "\"no\""),
                    Map.entry("sandbox.private_tmp", "\"no\""),
                    Map.entry("sandbox.private_devices", "\"no\""),
                    Map.entry("sandbox.protect_kernel", "\"no\""),
                    Map.entry("sandbox.restrict_suid_sgid", "\"no\""),
                    Map.entry("sandbox.memory_deny_write_execute", "\"yes\""),
                    Map.entry(
                        "sandbox.capabilities", "[\"CAP_NET_BIND_SERVICE\", \"CAP_IPC_LOCK\"]")))
            .read();
    Workload web = Objects.requireNonNull(config.workloads().get(new WorkloadName("web")));
    assertEquals(
        """
        AmbientCapabilities=Unsigned[value=17408]
        Before=Strings[values=[meshx-drain.service]]
        CPUQuotaPerSecUSec=Unsigned[value=1500000]
        CapabilityBoundingSet=Unsigned[value=17408]
        Description=Text[value=Workload web]
        Environment=Strings[values=[NODE_NAME=vm-1, WORKLOAD_NAME=web, WORKLOAD_NAMESPACE=mixed-env]]
        EnvironmentFiles=EnvironmentFiles[paths=[]]
        ExecStart=Commands[argvs=[[/workload/start]]]
        KillSignal=Signed32[value=3]
        LimitNOFILE=Unsigned[value=4096]
        LimitNOFILESoft=Unsigned[value=4096]
        LoadCredential=Credentials[paths={key=ROOT/secret}]
        LogExtraFields=JournalFields[fields={MESHX_WORKLOAD=web}]
        MemoryDenyWriteExecute=Flag[value=true]
        MemoryMax=Unsigned[value=268435456]
        NoNewPrivileges=Flag[value=true]
        ProtectHome=Text[value=no]
        ProtectSystem=Text[value=strict]
        ReadWritePaths=Strings[values=[ROOT]]
        Restart=Text[value=always]
        RestartUSec=Unsigned[value=1000000]
        Slice=Text[value=meshx-workload.slice]
        StartLimitBurst=Unsigned32[value=3]
        StartLimitIntervalUSec=Unsigned[value=60000000]
        SupplementaryGroups=Strings[values=[ssl-cert]]
        TasksMax=Unsigned[value=64]
        TimeoutStartUSec=Unsigned[value=20000000]
        TimeoutStopUSec=Unsigned[value=30000000]
        Type=Text[value=notify]
        User=Text[value=web]
        WorkingDirectory=Text[value=/]
        """,
        SpecText.of(WorkloadUnit.of(config, web, ours(web), Optional.empty()))
            .replace(root.toString(), "ROOT"));
  }

  @Test
  void aLoneWorkloadStartsTheSeedsProgram() throws ConfigException {
    AgentConfig config = ConfigDirectory.minimal(root, "agent").workload("web", Map.of()).read();
    Workload web = Objects.requireNonNull(config.workloads().get(new WorkloadName("web")));
    assertEquals(
        "Commands[argvs=[[/workload/start]]]",
        String.valueOf(
            WorkloadUnit.of(
                    config,
                    web,
                    ours(web),
                    Optional.of(
                        new FilterPaths(
                            Path.of("/sys/fs/bpf/meshx/x"), Path.of("/sys/fs/bpf/meshx/x"))))
                .properties()
                .get("ExecStart")));
  }
}
