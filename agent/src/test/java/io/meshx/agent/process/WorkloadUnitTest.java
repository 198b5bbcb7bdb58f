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
        Description=Text[value=Workload web]
        Environment=Strings[values=[LANG=C, NODE_NAME=vm-1, PRICE=$5; two, WORKLOAD_NAME=web, \
        WORKLOAD_NAMESPACE=mixed-env]]
        EnvironmentFiles=EnvironmentFiles[paths=[ROOT/web.env]]
        ExecStart=Commands[argvs=[[/srv/web, --port, 8000]]]
        IPEgressFilterPath=Strings[values=[/sys/fs/bpf/meshx/x]]
        IPIngressFilterPath=Strings[values=[/sys/fs/bpf/meshx/x]]
        LogExtraFields=JournalFields[fields={MESHX_WORKLOAD=web}]
        NoNewPrivileges=Flag[value=true]
        Restart=Text[value=on-failure]
        RestartUSec=Unsigned[value=250000]
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
