// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Scope;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
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
import java.util.stream.Collectors;

/**
 * Our own nftables table, {@code inet meshx}, for both address families. Lines are in the words in
 * which nft lists them without counters and handles, so that two tables are equal exactly if they
 * do the same.
 *
 * @param chains the lines of each chain, the first of which says where it is hooked in
 */
public record NftTable(SortedMap<String, List<String>> chains) {
  /** No table. */
  public static final NftTable EMPTY = new NftTable(new TreeMap<>());

  /** nft(8), where the packages of every distribution put it. */
  public static final Path PROGRAM = Path.of("/usr/sbin/nft");

  /** The table's family and name, as nft's commands take them. */
  public static final String NAME = "inet meshx";

  private static final String OUTBOUND = "outbound";
  private static final String INBOUND = "inbound";
  private static final String QUIC = "quic";

  /**
   * Before the nat chains of others, which are at -100; far enough from it that every version of
   * nft prints the number (1.1 says "dstnat - 10" where 1.0 says -110).
   */
  private static final String PRIORITY = "-125";

  private static final Pattern REDIRECTED =
      Pattern.compile(
          ".* redirect to :\\d+ comment"
              + " \"meshx/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/redirect-outbound\"");

  /** Keeps copies. */
  public NftTable {
    TreeMap<String, List<String>> copy = new TreeMap<>();
    chains.forEach((name, lines) -> copy.put(name, List.copyOf(lines)));
    chains = Collections.unmodifiableSortedMap(copy);
  }

  /** The table that does what is given. */
  static NftTable of(Interception interception) {
    List<String> out = new ArrayList<>(List.of(hook("output")));
    List<String> in = new ArrayList<>(List.of(hook("prerouting")));
    if (!interception.exempt().isEmpty()) {
      out.add("meta skuid " + anyOf(interception.exempt()) + " return" + commented("exempt-uid"));
    }
    out.add("oifname \"lo\" return" + commented("loopback"));
    List<String> udp = new ArrayList<>();
    interception
        .captures()
        .forEach((name, capture) -> {
          String user = from(capture.scope());
          String direct = " return" + commented(name + "/skip-outbound");
          for (String networks : networks("daddr", capture.direct().toNetworks())) {
            out.add(user + " " + networks + direct);
          }
          if (!capture.direct().toPorts().isEmpty()) {
            out.add(user + " tcp dport " + anyOf(capture.direct().toPorts()) + direct);
          }
          out.add(
              user
                  + " meta l4proto tcp redirect to :"
                  + capture.outbound()
                  + commented(name + "/redirect-outbound"));
          if (!capture.ports().isEmpty()) {
            String served = "tcp dport " + anyOf(capture.ports());
            for (String networks : networks("saddr", capture.direct().fromNetworks())) {
              in.add(networks + " " + served + " return" + commented(name + "/skip-inbound"));
            }
            in.add(
                served
                    + " fib daddr type local redirect to :"
                    + capture.inbound()
                    + commented(name + "/redirect-inbound"));
          }
          if (capture.rejectQuic()) {
            udp.add(user + " udp dport 443 reject" + commented(name + "/reject-quic"));
          }
        });
    interception.everybodyElse().ifPresent(capture -> everybodyElse(out, capture));
    TreeMap<String, List<String>> chains = new TreeMap<>(Map.of(OUTBOUND, out, INBOUND, in));
    if (!udp.isEmpty()) {
      udp.addFirst("type filter hook output priority filter; policy accept;");
      chains.put(QUIC, udp);
    }
    return new NftTable(chains);
  }

  private static void everybodyElse(List<String> out, HostCapture capture) {
    String spared = " return" + commented(capture.workload() + "/skip-host");
    if (!capture.sparedUsers().isEmpty()) {
      out.add("meta skuid " + anyOf(capture.sparedUsers()) + spared);
    }
    for (String networks : networks("daddr", capture.networks())) {
      out.add(networks + spared);
    }
    if (!capture.spared().toPorts().isEmpty()) {
      out.add("tcp dport " + anyOf(capture.spared().toPorts()) + spared);
    }
    out.add(
        "meta l4proto tcp redirect to :"
            + capture.outbound()
            + commented(capture.workload() + "/redirect-host"));
  }

  private static String from(Scope scope) {
    return switch (scope) {
      case Scope.User(int uid) -> "meta skuid " + uid;
      case Scope.ControlGroup group ->
          "socket cgroupv2 level " + group.level() + " \"" + group.path() + "\"";
    };
  }

  /** A match for each family that the networks are of. */
  private static List<String> networks(String field, Collection<Cidr> networks) {
    List<String> matches = new ArrayList<>();
    for (IpFamily family : IpFamily.values()) {
      List<String> ofFamily =
          networks.stream().filter(each -> each.family() == family).map(NftTable::text).toList();
      if (!ofFamily.isEmpty()) {
        String protocol =
            switch (family) {
              case V4 -> "ip";
              case V6 -> "ip6";
            };
        matches.add(protocol + " " + field + " " + anyOf(ofFamily));
      }
    }
    return matches;
  }

  /** nft lists a network of one address as the address. */
  private static String text(Cidr network) {
    return network.prefix() == network.family().bits()
        ? network.address().toString()
        : network.toString();
  }

  private static String hook(String hook) {
    return "type nat hook " + hook + " priority " + PRIORITY + "; policy accept;";
  }

  /** nft lists a set of one as its element. */
  private static String anyOf(Iterable<?> elements) {
    List<String> texts = new ArrayList<>();
    elements.forEach(element -> texts.add(element.toString()));
    return texts.size() == 1 ? texts.getFirst() : "{ " + String.join(", ", texts) + " }";
  }

  private static String commented(String reason) {
    return " comment \"meshx/" + reason + "\"";
  }

  /**
   * Reads what {@code nft --stateless list table inet meshx} printed.
   *
   * @param listed the text; empty if there is no such table
   */
  public static NftTable parse(String listed) {
    TreeMap<String, List<String>> chains = new TreeMap<>();
    List<String> block = List.of();
    for (String line : lines(listed)) {
      if (line.endsWith(" {") && !line.startsWith("table ")) {
        // Whatever is no chain is not ours; it makes the table another one than the wanted.
        block = new ArrayList<>();
        chains.put(line.substring(0, line.length() - 2).replaceFirst("^chain ", ""), block);
      } else if (!line.isEmpty() && !line.equals("}") && !line.startsWith("table ")) {
        if (block instanceof ArrayList<String>) {
          block.add(line);
        } else {
          block = new ArrayList<>(List.of(line));
          chains.put("table", block);
        }
      }
    }
    return new NftTable(chains);
  }

  /** The lines; a set that nft has broken into several is one again. */
  private static List<String> lines(String listed) {
    List<String> lines = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    for (String printed : listed.lines().toList()) {
      open.append(open.isEmpty() ? "" : " ").append(printed.strip());
      if (!printed.endsWith(",")) {
        lines.add(open.toString());
        open.setLength(0);
      }
    }
    if (!open.isEmpty()) {
      lines.add(open.toString());
    }
    return lines;
  }

  /** Whether there is no such table. */
  public boolean isEmpty() {
    return chains.isEmpty();
  }

  /** The workloads whose outgoing connections are redirected, by the comments on the rules. */
  public SortedSet<WorkloadName> captured() {
    TreeSet<WorkloadName> names = new TreeSet<>();
    for (String rule : chains.getOrDefault(OUTBOUND, List.of())) {
      Matcher matcher = REDIRECTED.matcher(rule);
      if (matcher.matches()) {
        names.add(new WorkloadName(matcher.group(1)));
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
  NftTable keeping(NftTable other, Set<WorkloadName> workloads) {
    return Chains.haveAny(other.chains, workloads)
        ? new NftTable(Chains.keeping(chains, other.chains, workloads))
        : this;
  }

  /**
   * The input of {@code nft -f -} that makes this table whatever is there, in one transaction. The
   * table is made before it is deleted, since deleting one that is not there fails.
   *
   * @see <a href="https://www.netfilter.org/projects/nftables/manpage.html">nft(8), -f</a>
   */
  public String script() {
    return "add table " + NAME + "\ndelete table " + NAME + "\n" + text();
  }

  /** The table as {@code nft list} prints it, or ""; {@link #parse} gives it back. */
  String text() {
    return isEmpty()
        ? ""
        : chains.entrySet().stream()
            .map(chain ->
                "chain " + chain.getKey() + " {\n" + String.join("\n", chain.getValue()) + "\n}\n")
            .collect(Collectors.joining("", "table " + NAME + " {\n", "}\n"));
  }
}
