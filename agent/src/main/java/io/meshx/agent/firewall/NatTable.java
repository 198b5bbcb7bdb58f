// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.WorkloadName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is ours in one nat table: every chain with our prefix, and every rule elsewhere that goes to
 * one. Rules are in the words of {@code iptables-save}, quoted only where they must be, so that two
 * tables are equal exactly if they do the same. Where a jump stands among the rules of others is
 * not part of it: it is put first, and not fought over afterwards.
 *
 * @param chains the rules of each of our chains in their order, each without its {@code -A CHAIN};
 *     an empty list is a chain that exists and does nothing, such as after {@code iptables -F}
 * @param jumps the rules in other chains that go to ours, each with its chain in front, such as
 *     {@code OUTPUT -m comment --comment meshx/jump -j MESHX_OUT}; sorted, and as often as they are
 *     there
 */
public record NatTable(SortedMap<String, List<String>> chains, List<String> jumps) {
  /** Nothing of ours. */
  public static final NatTable EMPTY = new NatTable(new TreeMap<>(), List.of());

  private static final String PREFIX = "MESHX_";
  private static final String OUT = PREFIX + "OUT";
  private static final String IN = PREFIX + "IN";
  private static final String OUT_JUMP = "OUTPUT " + commented("jump") + " -j " + OUT;
  private static final String IN_JUMP = "PREROUTING " + commented("jump") + " -j " + IN;
  private static final Pattern OUTBOUND =
      Pattern.compile(
          ".* --comment meshx/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/redirect-outbound"
              + " -j REDIRECT --to-ports \\d+");

  /** What {@code iptables-save -c} puts before a rule. */
  private static final Pattern COUNTERS = Pattern.compile("^\\[\\d+:\\d+] ");

  /** Keeps copies. */
  public NatTable {
    TreeMap<String, List<String>> copy = new TreeMap<>();
    chains.forEach((name, rules) -> copy.put(name, List.copyOf(rules)));
    chains = Collections.unmodifiableSortedMap(copy);
    jumps = jumps.stream().sorted().toList();
  }

  /** The table of a family that does what is given. */
  static NatTable of(Interception interception, IpFamily family) {
    ArrayList<String> out = new ArrayList<>();
    ArrayList<String> in = new ArrayList<>();
    for (int uid : interception.exempt()) {
      out.add("-m owner --uid-owner " + uid + " " + commented("exempt-uid") + " -j RETURN");
    }
    out.add("-o lo " + commented("loopback") + " -j RETURN");
    interception
        .captures()
        .forEach((name, capture) -> {
          String user = " -m owner --uid-owner " + uid(capture.scope());
          for (Cidr network : capture.direct().toNetworks()) {
            if (network.family() == family) {
              out.add("-d " + network + " -p tcp" + user + " " + skip(name, "outbound"));
            }
          }
          for (PortRange ports : capture.direct().toPorts()) {
            out.add("-p tcp" + user + to(ports) + " " + skip(name, "outbound"));
          }
          out.add("-p tcp" + user + " " + redirect(name, "outbound", capture.outbound()));
          for (Cidr network : capture.direct().fromNetworks()) {
            for (Port port : capture.ports()) {
              if (network.family() == family) {
                in.add(
                    "-s "
                        + network
                        + " -p tcp"
                        + to(PortRange.of(port))
                        + " "
                        + skip(name, "inbound"));
              }
            }
          }
          for (Port port : capture.ports()) {
            in.add(
                "-p tcp -m tcp --dport "
                    + port
                    + " -m addrtype --dst-type LOCAL "
                    + redirect(name, "inbound", capture.inbound()));
          }
        });
    interception.everybodyElse().ifPresent(capture -> everybodyElse(out, capture, family));
    return new NatTable(new TreeMap<>(Map.of(OUT, out, IN, in)), List.of(OUT_JUMP, IN_JUMP));
  }

  private static int uid(Scope scope) {
    return switch (scope) {
      case Scope.User(int uid) -> uid;
      case Scope.ControlGroup group ->
          throw new IllegalArgumentException("iptables cannot match control group " + group.path());
    };
  }

  private static void everybodyElse(List<String> out, HostCapture capture, IpFamily family) {
    String spared = skip(capture.workload(), "host");
    for (int uid : capture.sparedUsers()) {
      out.add("-m owner --uid-owner " + uid + " " + spared);
    }
    for (Cidr network : capture.networks()) {
      if (network.family() == family) {
        out.add("-d " + network + " -p tcp " + spared);
      }
    }
    for (PortRange ports : capture.spared().toPorts()) {
      out.add("-p tcp" + to(ports) + " " + spared);
    }
    out.add("-p tcp " + redirect(capture.workload(), "host", capture.outbound()));
  }

  private static String to(PortRange ports) {
    return " -m tcp --dport " + ports.text(':');
  }

  private static String skip(WorkloadName name, String direction) {
    return commented(name + "/skip-" + direction) + " -j RETURN";
  }

  private static String redirect(WorkloadName name, String direction, Port proxy) {
    return commented(name + "/redirect-" + direction) + " -j REDIRECT --to-ports " + proxy;
  }

  private static String commented(String reason) {
    return "-m comment --comment meshx/" + reason;
  }

  /**
   * Reads what {@code iptables-save} printed, with counters or without, of the nft or the legacy
   * variant. Other tables, and what is nobody's of ours in this one, are passed over.
   *
   * @param save the text; empty if the table was never loaded
   */
  public static NatTable parse(String save) {
    TreeMap<String, List<String>> chains = new TreeMap<>();
    ArrayList<String> jumps = new ArrayList<>();
    boolean nat = false;
    for (String printed : save.lines().toList()) {
      String line = COUNTERS.matcher(printed).replaceFirst("");
      if (line.startsWith("*")) {
        nat = line.equals("*nat");
      } else if (nat && line.startsWith(":" + PREFIX)) {
        chains.put(line.substring(1).split(" ", 2)[0], new ArrayList<>());
      } else if (nat && line.startsWith("-A ")) {
        List<String> words = RuleText.words(line);
        List<String> rule = words.subList(1, words.size());
        List<String> own = chains.get(rule.getFirst());
        if (own != null) {
          own.add(RuleText.join(rule.subList(1, rule.size())));
        } else if (RuleText.target(rule).startsWith(PREFIX)) {
          jumps.add(RuleText.join(rule));
        }
      }
    }
    return new NatTable(chains, jumps);
  }

  /**
   * The workloads whose outgoing connections are redirected: their rule is there, by its comment,
   * and so is the jump that leads to it.
   */
  public SortedSet<WorkloadName> captured() {
    TreeSet<WorkloadName> names = new TreeSet<>();
    if (jumps.contains(OUT_JUMP)) {
      for (String rule : chains.getOrDefault(OUT, List.of())) {
        Matcher matcher = OUTBOUND.matcher(rule);
        if (matcher.matches()) {
          names.add(new WorkloadName(matcher.group(1)));
        }
      }
    }
    return names;
  }

  /**
   * This table with the rules that another has for some workloads.
   *
   * @param other where those rules are
   * @param workloads whose rules to keep
   */
  NatTable keeping(NatTable other, Set<WorkloadName> workloads) {
    return Chains.haveAny(other.chains, workloads)
        ? new NatTable(
            Chains.keeping(chains, other.chains, workloads), chains.isEmpty() ? other.jumps : jumps)
        : this;
  }

  /** What is ours as {@code iptables-save} writes it; {@link #parse} gives it back. */
  String text() {
    StringBuilder text = new StringBuilder("*nat\n");
    chains.keySet().forEach(chain -> text.append(":" + chain + " - [0:0]\n"));
    jumps.forEach(jump -> text.append("-A " + jump + "\n"));
    chains.forEach(
        (chain, rules) -> rules.forEach(rule -> text.append("-A " + chain + " " + rule + "\n")));
    return text.append("COMMIT\n").toString();
  }

  /**
   * The input of {@code iptables-restore --noflush} that turns what is there into this table, in
   * one step: our chains are declared whole, jumps are put first where they are missing, and what
   * is there too much goes.
   *
   * @param current what is there
   */
  public String restoreText(NatTable current) {
    StringBuilder text = new StringBuilder("*nat\n");
    chains.keySet().forEach(chain -> text.append(":" + chain + " - [0:0]\n"));
    without(current.jumps, jumps).forEach(jump -> text.append("-D " + jump + "\n"));
    chains.forEach(
        (chain, rules) -> rules.forEach(rule -> text.append("-A " + chain + " " + rule + "\n")));
    without(jumps, current.jumps).forEach(jump -> text.append("-I " + jump + "\n"));
    TreeSet<String> stale = new TreeSet<>(current.chains.keySet());
    stale.removeAll(chains.keySet());
    // All are emptied before the first is removed: one may go to another.
    stale.forEach(chain -> text.append("-F " + chain + "\n"));
    stale.forEach(chain -> text.append("-X " + chain + "\n"));
    return text.append("COMMIT\n").toString();
  }

  /** Those of the first list that are more often in it than in the second. */
  private static List<String> without(List<String> some, List<String> others) {
    ArrayList<String> rest = new ArrayList<>(some);
    others.forEach(rest::remove);
    return rest;
  }
}
