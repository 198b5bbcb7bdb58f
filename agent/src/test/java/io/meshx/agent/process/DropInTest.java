// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DropInTest {
  private static final WorkloadName NAME = new WorkloadName("front-end");

  private final AgentConfig config;
  private final Workload workload;

  DropInTest(@TempDir Path directory) throws ConfigException {
    config =
        ConfigDirectory.minimal(directory, "agent")
            .file(
                "workloads/front-end.toml",
                "namespace = \"mixed-env\"\nprocess.unit = \"nginx.service\"\n")
            .read();
    workload = Objects.requireNonNull(config.workloads().get(NAME));
  }

  private String text(boolean restarts, Map<String, String> environment) {
    return DropIn.of(
        config,
        workload,
        new AgentConfig.WorkloadProcess.Foreign(
            new UnitName("nginx.service"), restarts, new TreeMap<>(environment)),
        Optional.of(new FilterPaths(Path.of("/bpf/in"), Path.of("/bpf/out"))));
  }

  @Test
  void theServiceIsToldItsSliceItsEnvironmentAndWhatItsStartWaitsFor() {
    assertEquals(
        """
        # workload front-end, take_over = wait
        # Written by meshx-agent, and removed when the workload leaves.
        [Unit]
        Requires=meshx-ready@front-end.service
        After=meshx-ready@front-end.service
        Before=meshx-drain.service
        [Service]
        Slice=meshx-workload-front_end.slice
        IPIngressFilterPath=/bpf/in
        IPEgressFilterPath=/bpf/out
        Environment="NODE_NAME=vm-1"
        Environment="WORKLOAD_NAME=front-end"
        Environment="WORKLOAD_NAMESPACE=mixed-env"
        """,
        text(false, Map.of()));
  }

  @Test
  void valuesAreQuotedAsSystemdReadsThem() {
    assertTrue(
        text(false, Map.of("A", "a \"b\" \\ 50% $c"))
            .contains("Environment=\"A=a \\\"b\\\" \\\\ 50%% $c\"\n"),
        text(false, Map.of("A", "a \"b\" \\ 50% $c")));
  }

  @Test
  void whoseItIsAndWhetherItMayBeRestartedIsReadBack() {
    assertEquals(Optional.of(NAME), DropIn.owner(text(true, Map.of())));
    assertTrue(DropIn.restarts(text(true, Map.of())));
    assertFalse(DropIn.restarts(text(false, Map.of())));
    assertEquals(Optional.empty(), DropIn.owner("[Service]\nSlice=x.slice\n"));
    assertFalse(DropIn.restarts(""));
  }
}
