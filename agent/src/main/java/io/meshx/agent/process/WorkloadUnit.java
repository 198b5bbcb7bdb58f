// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.process;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.AgentConfig.WorkloadProcess;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.Capability;
import io.meshx.agent.model.Signal;
import io.meshx.agent.model.UserName;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The unit of a workload's own process. It depends on no other unit, so none can take it down. */
public final class WorkloadUnit {
  private static final String WORKLOAD_FIELD = "MESHX_WORKLOAD";

  /** Processor time in each second. */
  private static final long MICROS_PER_PERCENT = 10_000;

  private static final List<String> KERNEL =
      List.of(
          "ProtectClock",
          "ProtectControlGroups",
          "ProtectKernelLogs",
          "ProtectKernelModules",
          "ProtectKernelTunables");

  private WorkloadUnit() {}

  /**
   * The unit of a workload; its environment has the three variables of the contract.
   *
   * @param process its part of the configuration
   * @param filter what every packet of the unit must pass, if there is such a thing
   */
  public static UnitSpec of(
      AgentConfig config,
      Workload workload,
      WorkloadProcess.Ours process,
      Optional<FilterPaths> filter) {
    TreeMap<String, String> environment = new TreeMap<>(process.environment());
    environment.put("WORKLOAD_NAME", workload.name().text());
    environment.put("WORKLOAD_NAMESPACE", workload.namespace().text());
    environment.put("NODE_NAME", config.host().name().text());
    UnitSpec.Builder unit =
        UnitSpec.service(
                OurUnits.workload(workload.name()),
                workload.given().process(),
                "Workload " + workload.name())
            .exec(process.exec())
            .user(process.user())
            .set("WorkingDirectory", new Property.Text(process.workingDirectory().toString()))
            .environment(environment)
            .environmentFiles(process.environmentFiles())
            .slice(OurUnits.WORKLOAD_SLICE)
            .journalField(WORKLOAD_FIELD, workload.name().text());
    settings(unit, process.start(), process.stop(), process.limits(), process.sandbox());
    if (!process.groups().isEmpty()) {
      unit.set(
          "SupplementaryGroups",
          new Property.Strings(process.groups().stream().map(UserName::text).toList()));
    }
    if (!process.credentials().isEmpty()) {
      unit.credentials(process.credentials());
    }
    filter.ifPresent(unit::packetFilter);
    return unit.build();
  }

  /** Sets what systemd is told of a unit's start, end, limits and sandbox. */
  public static UnitSpec.Builder settings(
      UnitSpec.Builder unit,
      AgentConfig.Start start,
      AgentConfig.Stop stop,
      AgentConfig.Limits limits,
      AgentConfig.Sandbox sandbox) {
    start(unit, start);
    unit.timeoutStop(stop.timeout());
    if (stop.signal() != Signal.SIGTERM) {
      unit.set("KillSignal", new Property.Signed32(stop.signal().number()));
    }
    limits(unit, limits);
    sandbox(unit, sandbox);
    return unit;
  }

  private static void start(UnitSpec.Builder unit, AgentConfig.Start start) {
    unit.set("Type", new Property.Text(start.type()))
        .restart(start.restart(), start.restartDelay());
    if (start.limit() == 0) {
      unit.set("StartLimitIntervalUSec", new Property.Unsigned(0));
    } else {
      unit.set("StartLimitIntervalUSec", Property.Unsigned.micros(start.limitInterval()))
          .set("StartLimitBurst", new Property.Unsigned32(start.limit()));
    }
    if (start.type().equals("notify")) {
      unit.set("TimeoutStartUSec", Property.Unsigned.micros(start.timeout()));
    }
  }

  private static void limits(UnitSpec.Builder unit, AgentConfig.Limits limits) {
    limits.memory().ifPresent(bytes -> unit.set("MemoryMax", new Property.Unsigned(bytes)));
    limits
        .cpuPercent()
        .ifPresent(percent ->
            unit.set("CPUQuotaPerSecUSec", new Property.Unsigned(MICROS_PER_PERCENT * percent)));
    limits.tasks().ifPresent(tasks -> unit.set("TasksMax", new Property.Unsigned(tasks)));
    limits
        .openFiles()
        .ifPresent(files ->
            unit.set("LimitNOFILE", new Property.Unsigned(files))
                .set("LimitNOFILESoft", new Property.Unsigned(files)));
  }

  private static void sandbox(UnitSpec.Builder unit, AgentConfig.Sandbox sandbox) {
    unit.set("NoNewPrivileges", new Property.Flag(true))
        .set("ProtectSystem", new Property.Text(sandbox.protectSystem()))
        .set("ProtectHome", new Property.Text(sandbox.protectHome()))
        .set("CapabilityBoundingSet", capabilities(sandbox))
        .set("AmbientCapabilities", capabilities(sandbox));
    if (!sandbox.writablePaths().isEmpty()) {
      unit.set(
          "ReadWritePaths",
          new Property.Strings(sandbox.writablePaths().stream().map(Path::toString).toList()));
    }
    TreeMap<String, Boolean> flags = new TreeMap<>();
    flags.put("PrivateTmp", sandbox.privateTmp());
    flags.put("PrivateDevices", sandbox.privateDevices());
    flags.put("RestrictSUIDSGID", sandbox.restrictSuid());
    flags.put("MemoryDenyWriteExecute", sandbox.denyWriteExecute());
    KERNEL.forEach(property -> flags.put(property, sandbox.protectKernel()));
    flags.forEach((property, on) -> {
      if (on) {
        unit.set(property, new Property.Flag(true));
      }
    });
  }

  private static Property capabilities(AgentConfig.Sandbox sandbox) {
    return new Property.Unsigned(Capability.mask(sandbox.capabilities()));
  }
}
