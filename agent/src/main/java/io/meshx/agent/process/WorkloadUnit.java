// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.process;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.AgentConfig.WorkloadProcess;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.util.Optional;
import java.util.TreeMap;

/** The unit of a workload's own process. It depends on no other unit, so none can take it down. */
public final class WorkloadUnit {
  private static final String WORKLOAD_FIELD = "MESHX_WORKLOAD";

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
            .restart(process.restart(), process.restartDelay())
            .set("StartLimitIntervalUSec", new Property.Unsigned(0))
            .set("NoNewPrivileges", new Property.Flag(true))
            .timeoutStop(process.stopTimeout())
            .journalField(WORKLOAD_FIELD, workload.name().text());
    filter.ifPresent(unit::packetFilter);
    return unit.build();
  }
}
