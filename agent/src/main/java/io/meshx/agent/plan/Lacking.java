// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.firewall.Backend;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UserName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a workload needs of a host that the host has not.
 *
 * @param facts the host
 * @param backend where rules are kept on it
 */
record Lacking(HostFacts facts, Backend backend) {
  private static final Port DNS = new Port(53);

  private static boolean reaches(Direct direct, IpAddress server) {
    return server.inet().isLoopbackAddress()
        || direct.udpPorts().stream().anyMatch(range -> range.contains(DNS))
        || direct.toNetworks().stream().anyMatch(network -> network.contains(server));
  }

  /** What it needs and has not, each in words with the remedy. */
  List<String> of(AgentConfig.Workload workload) {
    List<String> lacking = new ArrayList<>();
    switch (workload.process()) {
      case AgentConfig.WorkloadProcess.Ours ours -> lacking.addAll(user(workload, ours.user()));
      case AgentConfig.WorkloadProcess.Foreign _ -> {
        if (!facts.unified()) {
          lacking.add(
              "control groups of version 2 only, by which a service is told apart: boot with"
                  + " systemd.unified_cgroup_hierarchy=1, or run the process by process.exec");
        }
        if (backend != Backend.NFTABLES) {
          lacking.add(
              "the backend nftables, without which a service cannot be told apart: set"
                  + " firewall.backend");
        }
      }
    }
    workload
        .svid()
        .filter(svid -> !facts.uids().containsKey(svid.owner()))
        .filter(svid -> !workload.user().equals(Optional.of(svid.owner())))
        .map(svid ->
            "the user '"
                + svid.owner()
                + "', which does not exist: create it or change svid.owner in '"
                + workload.file()
                + "'")
        .ifPresent(lacking::add);
    if (!lacking.isEmpty()) {
      return lacking;
    }
    for (AgentConfig.ServedPort served : workload.ports()) {
      if (facts.sshPorts().contains(served.port())) {
        lacking.add(
            "another [[port]] than "
                + served.port()
                + ", on which the host's SSH server listens: redirected to the proxy, it would lock"
                + " you out; change '"
                + workload.file()
                + "'");
      }
    }
    if (workload.closed()) {
      facts.nameservers().stream()
          .limit(1)
          .filter(server -> !reaches(workload.intercept().direct(), server))
          .map(server ->
              "a DNS server that it can ask: /etc/resolv.conf begins with "
                  + server
                  + ", and a closed workload keeps to this host; have systemd-resolved answer here"
                  + " ('ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf'), or let it"
                  + " through: intercept.allow_udp_ports = [53] in '"
                  + workload.file()
                  + "'")
          .forEach(lacking::add);
    }
    if (workload.intercept().rejectQuic() && backend != Backend.NFTABLES) {
      lacking.add(
          "the backend nftables, without which UDP cannot be refused: set firewall.backend, or"
              + " intercept.quic in '"
              + workload.file()
              + "' to \"pass\"");
    }
    return lacking;
  }

  private List<String> user(AgentConfig.Workload workload, UserName user) {
    Integer uid = facts.uids().get(user);
    if (uid == null) {
      return List.of(
          "the user '"
              + user
              + "', which does not exist: create it or change process.user in '"
              + workload.file()
              + "'");
    }
    if (uid == 0) {
      return List.of("another user than '" + user + "', which is root under another name");
    }
    List<String> lacking = new ArrayList<>();
    facts.uids().entrySet().stream()
        .filter(other -> other.getValue().equals(uid) && !other.getKey().equals(user))
        .map(other ->
            "a user of its own: '"
                + user
                + "' has the same user ID as '"
                + other.getKey()
                + "', so their traffic cannot be told apart")
        .forEach(lacking::add);
    return lacking;
  }
}
