// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.plan.MeshBlueprint;
import io.meshx.agent.probe.RedirectProbe;
import io.meshx.agent.spire.SpirePaths;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Story;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RehearsalTest {
  @TempDir Path directory;

  @Test
  void aWholeJoinIsGoneThroughAndNothingIsChanged() throws ConfigException {
    FakeHost host = new FakeHost("web");
    AgentConfig config =
        ConfigDirectory.minimal(directory, "agent").workload("web", Map.of()).read();
    String rules = host.firewall.toString();

    List<Report> reports = new ArrayList<>();
    Report report =
        new OneShot(host.ports(), InstantSource.system())
            .rehearse(
                new MeshBlueprint(
                    config,
                    SpirePaths.under(Path.of("/run/meshx-agent"), Path.of("/var/lib/meshx-agent")),
                    RedirectProbe.Program.PACKAGED,
                    Path.of("/sys/fs/bpf/meshx"),
                    Story.DRAINED),
                Duration.ofSeconds(20),
                reports::add,
                RehearsalTest::run);

    assertTrue(report.plan().complete(), report.plan()::text);
    assertEquals(report, reports.getLast());
    assertTrue(report.changes() > 5, "it has changed things in memory");
    assertEquals(List.of(), host.units.operations());
    assertEquals(List.of(), host.firewall.operations());
    assertEquals(rules, host.firewall.toString());
    assertEquals(Set.of(), host.filters.observe());
  }

  private static void run(Loop loop) {
    try {
      loop.run();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
