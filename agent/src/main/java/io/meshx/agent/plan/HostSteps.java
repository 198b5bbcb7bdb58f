// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Opening;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.plan.Step.Progress;
import io.meshx.agent.route.Route;
import io.meshx.agent.route.RouteTable;
import io.meshx.agent.spire.AgentHealth;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.stream.Collectors;

/** The steps of the host as a whole. */
final class HostSteps {
  private static final String SYNC = "SPIRE sync";

  private final Draft draft;
  private final HostState observed;
  private final UnitGoal units;
  private final Observations see;

  HostSteps(Draft draft, HostState observed, UnitGoal units) {
    this.draft = draft;
    this.observed = observed;
    this.units = units;
    this.see = new Observations(observed);
  }

  /**
   * The steps that workloads need.
   *
   * @param network all that a proxy needs to reach the cluster
   * @param identity the step after which SVIDs can be asked for
   * @param parent of the entries of the proxies; empty when nobody lets us ask for their SVIDs
   * @param registered the step after which the proxies' entries exist, in demo mode
   * @param interception the redirect rules
   * @param filter the packet filter of closed workloads
   * @param blocked what makes redirects fail, if it is known
   */
  record Ready(
      List<Step> network,
      Step identity,
      Optional<SpiffeId> parent,
      Optional<Step> registered,
      Step interception,
      Step filter,
      Optional<Step> blocked) {}

  Ready join(
      Desired.HostPart part, SortedMap<String, PacketProgram> filters, RedirectGoal redirect) {
    Step prepared = draft.step(Step.HOST, "prepared", prepared(part.lacking()));
    Step routes = draft.step(Step.HOST, "routes", routes(part.routes()), prepared);
    Step dns = draft.step(Step.HOST, "cluster DNS", dns(part.dns()), prepared);
    part.chosenPorts()
        .ifPresent(file -> draft.step(Step.HOST, "chosen ports", chosenPorts(file), prepared));
    List<Step> network = List.of(routes, dns);
    Optional<Step> registered = Optional.empty();
    Optional<SpiffeId> parent = Optional.empty();
    Step identity;
    switch (part.identity()) {
      case Desired.Identity.External external ->
          identity = draft.step(Step.HOST, "SPIRE socket", socket(external), prepared);
      case Desired.Identity.Managed managed -> {
        parent = Optional.of(managed.alias());
        List<Step> needs = new ArrayList<>(List.of(prepared));
        if (managed.throughCluster()) {
          needs.addAll(network);
        }
        managed
            .spentToken()
            .filter(token -> units.startedAs(managed.agent().name(), token.user()))
            .ifPresent(token ->
                draft.step(
                    Step.HOST,
                    "used token",
                    new Progress.Changing(List.of(new Change.DiscardToken(token.file()))),
                    prepared));
        if (managed.demo().isPresent()) {
          Desired.Demo demo = managed.demo().get();
          Step server =
              draft.step(
                  Step.HOST,
                  "SPIRE server",
                  Draft.inOrder(see.files(demo.files()), units.running(demo.server())),
                  prepared);
          registered =
              Optional.of(
                  draft.step(
                      Step.HOST, "registrations", registrations(demo.registrations()), server));
          needs.add(draft.step(Step.HOST, "join token", token(demo), registered.get()));
          // An attested agent needs no token, but one that finds no server waits for seconds.
          needs.add(registered.get());
        }
        Step agent =
            draft.step(
                Step.HOST,
                "SPIRE agent",
                Draft.inOrder(
                    see.files(managed.files()),
                    tokenThere(managed),
                    telling(units.running(managed.agent()), joining(managed)),
                    proofRead(managed)),
                needs);
        identity =
            draft.step(
                Step.HOST,
                "agent SVID",
                see.svid(
                    Identities.AGENT,
                    managed.self(),
                    "a registration entry for "
                        + managed.self()
                        + " with the parent "
                        + managed.alias()
                        + " and the selectors unix:uid:0 and systemd:id:"
                        + OurUnits.AGENT,
                    units.words(OurUnits.SPIRE_AGENT) + joining(managed)),
                agent);
        see.renewal(Identities.AGENT, draft);
        sync(identity);
        part.warnings().forEach(draft::warn);
      }
    }
    RegistrySteps registry = new RegistrySteps(draft, observed);
    part.cluster().ifPresent(registry::api);
    part.cluster().ifPresent(registry::lease);
    Step interception = draft.step(Step.HOST, "interception", redirect.progress(), prepared);
    if (part.confirmWithin().isPresent()) {
      draft.step(Step.HOST, "confirmation", redirect.trial().progress(), prepared);
    }
    Step filter = draft.step(Step.HOST, "packet filter", filters(filters), prepared);
    return new Ready(network, identity, parent, registered, interception, filter, blocked());
  }

  /** Nothing on the host waits for it: one that comes up without its server has its SVIDs still. */
  private void sync(Step identity) {
    if (observed.spireAgent() instanceof Look.Saw<AgentHealth>(AgentHealth health)) {
      switch (health) {
        case AgentHealth.Silent _ -> {}
        case AgentHealth.WithoutSocket(Path socket) -> {
          if (identity.done()) {
            // It gave out SVIDs, so it had one: who starts now finds nobody there.
            draft.step(
                Step.HOST,
                SYNC,
                new Progress.Changing(
                    List.of(
                        new Change.StopUnit(
                            OurUnits.SPIRE_AGENT, "its socket '" + socket + "' is gone"))));
          }
        }
        case AgentHealth.Answers answers -> draft.step(Step.HOST, SYNC, sync(answers), identity);
      }
    }
  }

  private Progress sync(AgentHealth.Answers answers) {
    if (!answers.serving()) {
      return new Progress.Waiting(
          "the SPIRE agent to be healthy: its Workload API does not answer"
              + units.words(OurUnits.SPIRE_AGENT));
    }
    if (answers.outOfTouch()) {
      return new Progress.Waiting(
          "the SPIRE server, which "
              + answers
                  .lastSync()
                  .map(last -> "last answered at " + last)
                  .orElse("has not answered since the SPIRE agent started")
              + ": nothing is renewed meanwhile, and the SPIRE agent's own SVID expires at "
              + answers.expires()
              + units.words(OurUnits.SPIRE_AGENT));
    }
    return new Progress.Done(
        answers.id() + " is in touch, its own SVID expires " + answers.expires());
  }

  private Progress chosenPorts(HostFile file) {
    Progress written = see.files(List.of(file));
    return written instanceof Progress.Done
        ? new Progress.Done("kept in '" + file.path() + "'")
        : written;
  }

  private Optional<Step> blocked() {
    return observed.guard() instanceof Look.Saw<Guard>(Guard.Firewalld firewalld)
            && firewalld.refusesRedirectedV6()
            && observed.facts() instanceof Look.Saw<HostFacts>(HostFacts facts)
            && facts.families().contains(IpFamily.V6)
        ? Optional.of(
            draft.step(
                Step.HOST,
                "redirected IPv6",
                new Progress.Waiting(
                    "firewalld, which refuses it on its way to the proxy: set RFC3964_IPv4=no in"
                        + " /etc/firewalld/firewalld.conf and run 'firewall-cmd --complete-reload'")))
        : Optional.empty();
  }

  /** Peers, who are refused elsewhere on this host; nothing on it waits for them. */
  void inlets(Desired.HostPart part, SortedSet<Port> inbound) {
    Progress progress =
        see.of(
            observed.guard(),
            "the host's firewall",
            guard ->
                switch (guard) {
                  case Guard.None _ -> new Progress.Done("nothing on this host refuses them");
                  case Guard.Chains chains -> chains(chains, inbound);
                  case Guard.Ufw ufw -> ufw(ufw, inbound);
                  case Guard.Firewalld firewalld -> firewalld(part, firewalld, inbound);
                });
    if (!(observed.guard() instanceof Look.Saw<Guard>(Guard.None _))) {
      draft.step(Step.HOST, "peers let in", progress);
    }
  }

  private static Progress chains(Guard.Chains chains, SortedSet<Port> inbound) {
    List<String> missing = new ArrayList<>();
    for (Port port : inbound) {
      for (String chain : chains.refusing(port)) {
        missing.add("'nft insert rule " + chain + " tcp dport " + port + " accept'");
      }
    }
    return missing.isEmpty()
        ? new Progress.Done(
            "nothing in " + String.join(", ", chains.chains().keySet()) + " keeps them out")
        : new Progress.Waiting(
            "nftables to let peers in: no rule accepts them and the rest is refused; run "
                + String.join(", ", missing)
                + ", and put it into what loads these rules");
  }

  private static Progress ufw(Guard.Ufw ufw, SortedSet<Port> inbound) {
    List<Port> refused = inbound.stream().filter(port -> !ufw.lets(port)).toList();
    return refused.isEmpty()
        ? new Progress.Done("ufw lets them in")
        : new Progress.Waiting(
            "ufw to let peers in: "
                + refused.stream()
                    .map(port -> "run 'ufw allow " + port + "/tcp'")
                    .collect(Collectors.joining(", ")));
  }

  private static Progress firewalld(
      Desired.HostPart part, Guard.Firewalld firewalld, SortedSet<Port> inbound) {
    if (!part.opensPorts()) {
      return new Progress.Done("firewalld is left as it is, since firewall.open is \"nothing\"");
    }
    List<Change> changes = new ArrayList<>();
    for (String zone : firewalld.zones()) {
      for (Port port : inbound) {
        Opening opening = new Opening(zone, port);
        if (!firewalld.ours().contains(opening)) {
          changes.add(new Change.OpenPort(opening));
        }
      }
    }
    return changes.isEmpty()
        ? new Progress.Done("by firewalld, in " + String.join(", ", firewalld.zones()))
        : new Progress.Changing(changes);
  }

  private Progress filters(SortedMap<String, PacketProgram> wanted) {
    return wanted.isEmpty()
        ? new Progress.Done("no workload is closed")
        : see.of(
            observed.filters(),
            "packet filters",
            there -> {
              List<Change> changes =
                  wanted.values().stream()
                      .filter(program -> !there.contains(program.name()))
                      .<Change>map(Change.PinFilter::new)
                      .toList();
              return changes.isEmpty()
                  ? new Progress.Done(
                      "holds closed workloads to the loopback interface"
                          + (wanted.keySet().equals(Set.of(PacketProgram.LOOPBACK_ONLY.name()))
                              ? ""
                              : " and their exceptions"))
                  : new Progress.Changing(changes);
            });
  }

  private static Progress prepared(List<String> lacking) {
    return lacking.isEmpty()
        ? new Progress.Done("users and programs are there")
        : new Progress.Waiting(String.join("; ", lacking));
  }

  private static Progress socket(Desired.Identity.External external) {
    return external.there()
        ? new Progress.Done("socket " + external.socket() + " is there")
        : new Progress.Waiting(
            "socket "
                + external.socket()
                + ", which does not exist: start the SPIRE agent that owns it, or set spire.socket");
  }

  private Progress routes(Desired.RoutesPart part) {
    if (part.wanted().isEmpty() && part.waitsFor().isEmpty()) {
      return new Progress.Done("left to the host's own");
    }
    return see.of(
        observed.routes(),
        "the routing table",
        table -> {
          List<Progress> each = new ArrayList<>();
          part.wanted().forEach(route -> each.add(route(route, table)));
          part.waitsFor().ifPresent(what -> each.add(new Progress.Waiting(what)));
          return Draft.all(each);
        });
  }

  private static Progress route(Route wanted, RouteTable table) {
    if (table.ours().contains(wanted)) {
      return new Progress.Done(wanted.toString());
    }
    if (table.others().contains(wanted)) {
      return new Progress.Done(wanted + " was there already");
    }
    for (Route ours : table.ours()) {
      if (ours.destination().equals(wanted.destination())) {
        return new Progress.Changing(List.of(new Change.RemoveRoute(ours)));
      }
    }
    for (Route other : table.others()) {
      if (other.destination().equals(wanted.destination())) {
        return new Progress.Waiting(
            "route "
                + wanted
                + ": somebody else has set "
                + other
                + "; remove that route or change network.via");
      }
    }
    return new Progress.Changing(List.of(new Change.AddRoute(wanted)));
  }

  private Progress dns(Optional<Desired.DnsPart> wanted) {
    if (wanted.isEmpty()) {
      return new Progress.Done("left to the host's own servers");
    }
    Desired.DnsPart part = wanted.get();
    Progress link =
        see.of(
            observed.dns(),
            "the resolver",
            (Optional<DnsView> view) ->
                view.equals(Optional.of(part.view()))
                    ? new Progress.Done(part.view().toString())
                    : new Progress.Changing(List.of(new Change.ApplyDns(part.view()))));
    return switch (Draft.inOrder(link, units.running(part.forwarder()))) {
      case Progress.Done done -> new Progress.Done(part.view() + "; " + done.detail());
      case Progress other -> other;
    };
  }

  private Progress registrations(SortedSet<Registration> wanted) {
    return see.of(
        observed.registrations(),
        "the SPIRE server's entries",
        there -> {
          List<Change> changes =
              wanted.stream()
                  .filter(registration -> !there.contains(registration))
                  .<Change>map(Change.Register::new)
                  .toList();
          return changes.isEmpty()
              ? new Progress.Done(wanted.size() + " entries")
              : new Progress.Changing(changes);
        });
  }

  private Progress token(Desired.Demo demo) {
    if (demo.token().isEmpty()) {
      return new Progress.Done("the SPIRE agent is attested");
    }
    return see.of(
        observed.files(),
        "files",
        files ->
            files.containsKey(demo.token().get())
                ? new Progress.Done("in " + demo.token().get())
                : new Progress.Changing(
                    List.of(new Change.CreateJoinToken(demo.alias(), demo.token().get()))));
  }

  private Progress tokenThere(Desired.Identity.Managed managed) {
    // A SPIRE agent that is up has read its token; only a start needs the file.
    return managed.joinToken().filter(token -> !token.there()).isEmpty()
            || units.up(managed.agent().name())
        ? new Progress.Done("")
        : new Progress.Waiting(
            "a join token: "
                + managed
                    .joinToken()
                    .flatMap(Desired.JoinToken::ended)
                    .map(end -> "the SPIRE agent's identity expired at " + end + "; ")
                    .orElse("")
                + "make one at the SPIRE server with "
                + newToken(managed)
                + units.words(OurUnits.SPIRE_AGENT));
  }

  /** A SPIRE agent reads what proves the host at its start only, and then keeps trying that. */
  private Progress proofRead(Desired.Identity.Managed managed) {
    UnitSpec agent = managed.agent();
    return !managed.attested()
            && managed.joinToken().filter(token -> !token.there()).isEmpty()
            && !units.upToDate(agent)
        ? new Progress.Changing(
            List.of(new Change.StopUnit(agent.name(), "there is another token or certificate")))
        : units.running(agent);
  }

  /** What to know of the join token while the SPIRE agent has no identity yet, or "". */
  private static String joining(Desired.Identity.Managed managed) {
    return managed.joinToken().isPresent()
        ? "; the host has not joined SPIRE yet; a new join token comes from " + newToken(managed)
        : "";
  }

  private static String newToken(Desired.Identity.Managed managed) {
    return "'spire-server token generate -spiffeID "
        + managed.alias()
        + "', and its value goes into '"
        + managed.joinToken().orElseThrow().file()
        + "'";
  }

  private static Progress telling(Progress progress, String more) {
    return progress instanceof Progress.Waiting(String forWhat)
        ? new Progress.Waiting(forWhat + more)
        : progress;
  }
}
