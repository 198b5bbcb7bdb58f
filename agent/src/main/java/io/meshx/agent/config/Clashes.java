// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.ServedPort;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ResourceName;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Finds what can be given to one only: ports of the host, and users. */
final class Clashes {
  private record Claim(String what, Place place) {
    @Override
    public String toString() {
      return what + " (" + place + ")";
    }
  }

  private final Findings findings;
  private final Map<Port, Claim> ports = new HashMap<>();
  private final Map<UserName, Claim> users = new HashMap<>();
  private final Map<UnitName, Claim> units = new HashMap<>();
  private final Map<Path, Claim> svids = new HashMap<>();
  private final Map<ResourceName, Claim> resources = new HashMap<>();
  private Optional<Claim> wholeHost = Optional.empty();

  Clashes(Findings findings) {
    this.findings = findings;
  }

  /**
   * Looks at everything that needs a port or a user, in the order of the files, and chooses ports
   * for the proxies whose ports are left to us: those that are remembered, if they are still free,
   * and else the first that are.
   *
   * @return the chosen ports
   */
  SortedMap<WorkloadName, PortBlock> find(
      Entries agent,
      List<WorkloadReader> workloads,
      SortedMap<WorkloadName, PortBlock> remembered) {
    port(agent, AgentKeys.METRICS_PORT, "");
    if (agent.value(AgentKeys.SPIRE_MODE).equals(Optional.of(AgentKeys.MODE_DEMO))) {
      port(agent, AgentKeys.SERVER_PORT, "");
    }
    if (agent.value(AgentKeys.ATTESTOR).equals(Optional.of(AgentKeys.HTTP_CHALLENGE))) {
      port(agent, AgentKeys.CHALLENGE_PORT, "");
    }
    for (WorkloadReader workload : workloads) {
      String owner = " of workload '" + workload.name() + "'";
      user(workload, owner);
      unit(workload, owner);
      svid(workload, owner);
      resource(workload, owner);
      served(workload, owner);
      if (!workload.leavesPorts()) {
        port(workload.entries(), WorkloadKeys.INBOUND, owner);
        port(workload.entries(), WorkloadKeys.OUTBOUND, owner);
        port(workload.entries(), WorkloadKeys.ADMIN, owner);
      }
      wholeHost(workload, owner);
    }
    return choose(workloads.stream().filter(WorkloadReader::leavesPorts).toList(), remembered);
  }

  private SortedMap<WorkloadName, PortBlock> choose(
      List<WorkloadReader> workloads, SortedMap<WorkloadName, PortBlock> remembered) {
    SortedMap<WorkloadName, PortBlock> chosen = new TreeMap<>();
    for (WorkloadReader workload : workloads) {
      PortBlock block = remembered.get(workload.name());
      if (block != null && !chosen.containsValue(block) && free(block)) {
        chosen.put(workload.name(), block);
      }
    }
    for (WorkloadReader workload : workloads) {
      if (!chosen.containsKey(workload.name())) {
        IntStream.range(0, PortBlock.COUNT)
            .mapToObj(PortBlock::new)
            .filter(block -> !chosen.containsValue(block) && free(block))
            .findFirst()
            .ifPresentOrElse(
                block -> chosen.put(workload.name(), block),
                () ->
                    findings.add(
                        workload.entries().place(WorkloadKeys.INBOUND),
                        WorkloadKeys.INBOUND.name(),
                        "is left out, and none of the ports that the agent chooses from is free"));
      }
    }
    return chosen;
  }

  private boolean free(PortBlock block) {
    return block.ports().stream().noneMatch(ports::containsKey);
  }

  private void wholeHost(WorkloadReader workload, String owner) {
    if (!workload.entries().value(WorkloadKeys.WHOLE_HOST).orElse(false)) {
      return;
    }
    Claim mine = new Claim(owner, workload.entries().place(WorkloadKeys.WHOLE_HOST));
    if (wholeHost.isEmpty()) {
      wholeHost = Optional.of(mine);
    } else {
      findings.add(
          mine.place(),
          WorkloadKeys.WHOLE_HOST.name(),
          "'host' is also that" + wholeHost.get() + "; the host's traffic goes through one proxy");
    }
  }

  private void user(WorkloadReader workload, String owner) {
    Optional<UserName> user = workload.entries().value(WorkloadKeys.USER);
    if (user.isEmpty()) {
      return;
    }
    Place place = workload.entries().place(WorkloadKeys.USER);
    String key = WorkloadKeys.USER.name();
    Claim other = users.putIfAbsent(user.get(), new Claim(key + owner, place));
    if (other != null) {
      findings.add(
          place,
          key,
          "'"
              + user.get()
              + "' is also "
              + other
              + "; interception tells workloads apart by their user, so give each its own");
    }
  }

  private void svid(WorkloadReader workload, String owner) {
    Optional<Path> place = workload.entries().value(SvidKeys.DIRECTORY);
    if (place.isEmpty()) {
      return;
    }
    Claim mine = new Claim(owner, workload.entries().place(SvidKeys.DIRECTORY));
    Claim other = svids.putIfAbsent(place.get(), mine);
    if (other != null) {
      findings.add(
          mine.place(),
          SvidKeys.DIRECTORY.name(),
          "'" + place.get() + "' is also that" + other + "; give each its own");
    }
  }

  private void resource(WorkloadReader workload, String owner) {
    Optional<WorkloadName> namespace = workload.entries().value(WorkloadKeys.NAMESPACE);
    Optional<WorkloadName> name = workload.entries().value(WorkloadKeys.EXTERNAL_WORKLOAD);
    if (namespace.isEmpty() || name.isEmpty()) {
      return;
    }
    ResourceName resource = new ResourceName(namespace.get(), name.get());
    Claim mine = new Claim(owner, workload.entries().place(WorkloadKeys.EXTERNAL_WORKLOAD));
    Claim other = resources.putIfAbsent(resource, mine);
    if (other != null) {
      findings.add(
          mine.place(),
          WorkloadKeys.EXTERNAL_WORKLOAD.name(),
          "'" + resource + "' is also that" + other + "; give each its own");
    }
  }

  private void unit(WorkloadReader workload, String owner) {
    Optional<UnitName> unit = workload.entries().value(WorkloadKeys.UNIT);
    if (unit.isEmpty()) {
      return;
    }
    Place place = workload.entries().place(WorkloadKeys.UNIT);
    String key = WorkloadKeys.UNIT.name();
    Claim other = units.putIfAbsent(unit.get(), new Claim(key + owner, place));
    if (other != null) {
      findings.add(
          place, key, "'" + unit.get() + "' is also " + other + "; a service is one workload");
    }
  }

  private void served(WorkloadReader workload, String owner) {
    List<Node> nodes =
        workload.entries().written(WorkloadKeys.PORTS).map(Node::elements).orElse(List.of());
    int index = 0;
    for (ServedPort served : workload.entries().value(WorkloadKeys.PORTS).orElse(List.of())) {
      Node table = nodes.get(index++);
      Node node = table.members().getOrDefault("port", table);
      claim(served.port(), node.key(), owner, node.place(), false);
    }
  }

  private void port(Entries entries, Key<Port> key, String owner) {
    entries
        .value(key)
        .ifPresent(port ->
            claim(port, key.name(), owner, entries.place(key), entries.written(key).isEmpty()));
  }

  private void claim(Port port, String key, String owner, Place place, boolean byDefault) {
    Claim other = ports.putIfAbsent(port, new Claim(key + owner, place));
    if (other != null) {
      findings.add(
          place,
          key,
          port
              + (byDefault ? ", the default," : "")
              + " is also "
              + other
              + "; set another port here, such as "
              + free(port));
    }
  }

  private Port free(Port taken) {
    int number = taken.number();
    do {
      number = number + 100 > 65535 ? 1024 : number + 100;
    } while (ports.containsKey(new Port(number)));
    return new Port(number);
  }
}
