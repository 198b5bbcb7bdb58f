// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UserName;
import io.meshx.agent.proxy.ProxyUnit;
import io.meshx.agent.spire.NodeAttestor;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.spire.Registrations;
import io.meshx.agent.unit.OurUnits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a SPIRE server must know of a host, ready to paste there.
 *
 * @param alias the SPIFFE ID of the host's SPIRE agent beside its own; parent of the entries
 * @param node how the SPIRE agent gets that alias
 * @param members the agent and the proxies, by the name of what each is for
 */
public record HostEntries(SpiffeId alias, Node node, List<Member> members) {
  /** How a host's SPIRE agent gets its alias. */
  public sealed interface Node {
    /** By the join token, which carries it. */
    record ByToken() implements Node {}

    /**
     * By an entry of its own.
     *
     * @param selector what the server will know of the host; empty if that cannot be known here
     * @param plugin the node attestor
     */
    record ByEntry(String plugin, Optional<String> selector) implements Node {}

    /** It has none: somebody else runs the SPIRE agent. */
    record Foreign() implements Node {}

    /** The agent makes all entries itself, in mode demo. */
    record Ours() implements Node {}
  }

  /**
   * A process of the host that gets a SPIFFE ID.
   *
   * @param name what it is, and of which workload: {@code agent}, {@code proxy.web}, {@code
   *     files.web}; no workload has a dot in its name
   * @param entry its entry
   */
  public record Member(String name, Registration entry) {}

  private static final String FOREIGN_PARENT = "SPIFFE_ID_OF_THE_SPIRE_AGENT";

  /** Keeps a copy. */
  public HostEntries {
    members = List.copyOf(members);
  }

  /**
   * The entries for a configuration.
   *
   * @param uids of the users that there are
   * @throws IOException if the host's certificate cannot be read, or a user is not there
   */
  public static HostEntries of(AgentConfig config, Map<UserName, Integer> uids) throws IOException {
    Registrations registrations =
        new Registrations(config.mesh().trustDomain(), config.host().name());
    Node node =
        switch (config.spire()) {
          case AgentConfig.Spire.Agent agent ->
              agent.attestor() instanceof NodeAttestor.JoinToken
                  ? new Node.ByToken()
                  : new Node.ByEntry(agent.attestor().plugin(), NodeSelectors.of(agent.attestor()));
          case AgentConfig.Spire.External _ -> new Node.Foreign();
          case AgentConfig.Spire.Demo _ -> new Node.Ours();
        };
    List<Member> members = new ArrayList<>();
    if (!(node instanceof Node.Foreign)) {
      members.add(new Member("agent", registrations.agent()));
    }
    for (AgentConfig.Workload workload : config.workloads().values()) {
      members.add(
          new Member(
              "proxy." + workload.name(),
              registrations.proxy(
                  workload.id(), OurUnits.proxy(workload.name()), uid(uids, ProxyUnit.USER))));
      if (workload.svid().isPresent()) {
        members.add(
            new Member(
                "files." + workload.name(),
                registrations.workload(
                    workload.id(), workload.unit(), uid(uids, workload.svid().get().owner()))));
      }
    }
    return new HostEntries(registrations.alias(), node, members);
  }

  /** The users whose IDs must be known for that. */
  public static Set<UserName> users(AgentConfig config) {
    Set<UserName> users = new HashSet<>(Set.of(ProxyUnit.USER));
    config.workloads().values().forEach(w -> w.svid().ifPresent(svid -> users.add(svid.owner())));
    return users;
  }

  private static int uid(Map<UserName, Integer> uids, UserName user) throws IOException {
    Integer uid = uids.get(user);
    if (uid == null) {
      throw new IOException("there is no user '" + user + "' on this host");
    }
    return uid;
  }

  /** As commands of {@code spire-server}. */
  public String commands() {
    StringBuilder text = new StringBuilder();
    switch (node) {
      case Node.ByToken _ ->
          text.append("# The join token, which also gives this host its name there:\n")
              .append("spire-server token generate -spiffeID ")
              .append(alias)
              .append('\n');
      case Node.ByEntry(String plugin, Optional<String> selector) ->
          text.append(selector.isPresent() ? "" : selectorUnknown(plugin))
              .append("spire-server entry create -node -spiffeID ")
              .append(alias)
              .append(" -selector ")
              .append(shell(selector.orElse(plugin + ":SELECTOR")))
              .append('\n');
      case Node.Foreign _ -> text.append(foreign());
      case Node.Ours _ -> text.append("# Mode demo: the agent makes these entries itself.\n");
    }
    for (Member member : members) {
      text.append("spire-server entry create -parentID ")
          .append(parent())
          .append(" -spiffeID ")
          .append(member.entry().id());
      for (Selector selector : member.entry().selectors()) {
        text.append(" -selector ").append(selector);
      }
      text.append('\n');
    }
    return text.toString();
  }

  /** As ClusterStaticEntry manifests, which SPIRE's controller manager takes. */
  public String manifests() {
    StringBuilder text = new StringBuilder();
    switch (node) {
      case Node.ByToken _ ->
          text.append("# The join token, which also gives this host its name, has no manifest:\n")
              .append("# spire-server token generate -spiffeID ")
              .append(alias)
              .append('\n');
      case Node.ByEntry(String plugin, Optional<String> selector) ->
          text.append(selector.isPresent() ? "" : selectorUnknown(plugin))
              .append(
                  manifest(
                      "node",
                      alias.toString(),
                      "spiffe://" + alias.trustDomain() + "/spire/server",
                      List.of(selector.orElse(plugin + ":SELECTOR"))));
      case Node.Foreign _ -> text.append(foreign());
      case Node.Ours _ -> text.append("# Mode demo: the agent makes these entries itself.\n");
    }
    for (Member member : members) {
      text.append(
          manifest(
              member.name(),
              member.entry().id().toString(),
              parent(),
              member.entry().selectors().stream().map(Selector::toString).toList()));
    }
    return text.toString();
  }

  private String manifest(String name, String id, String parent, List<String> selectors) {
    String host = alias.path().substring(alias.path().lastIndexOf('/') + 1);
    return """
    ---
    apiVersion: spire.spiffe.io/v1alpha1
    kind: ClusterStaticEntry
    metadata:
      name: meshx-%s.%s
    spec:
      spiffeID: "%s"
      parentID: "%s"
      selectors:
    %s\
    """
        .formatted(
            host,
            name,
            id,
            parent,
            selectors.stream()
                .map(selector -> "    - \"" + selector + "\"\n")
                .collect(Collectors.joining()));
  }

  private String parent() {
    return node instanceof Node.Foreign ? FOREIGN_PARENT : alias.toString();
  }

  private static String selectorUnknown(String plugin) {
    return "# Put in what the server calls this host: 'spire-server agent show' lists the selectors"
        + " of a host that was attested by "
        + plugin
        + ".\n";
  }

  private static String foreign() {
    return "# The SPIRE agent of this host is somebody else's: put its SPIFFE ID in as the parent.\n";
  }

  /** Quoted for a shell where that is needed. */
  private static String shell(String text) {
    return text.matches("[A-Za-z0-9_.:/=@-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
