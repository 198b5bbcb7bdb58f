// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.Port;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
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
    interception
        .captures()
        .forEach((name, capture) -> {
          out.add(
              "meta skuid %d meta l4proto tcp redirect to :%s%s"
                  .formatted(
                      capture.uid(), capture.outbound(), commented(name + "/redirect-outbound")));
          if (!capture.ports().isEmpty()) {
            in.add(
                "tcp dport %s fib daddr type local redirect to :%s%s"
                    .formatted(
                        anyOf(capture.ports().stream().map(Port::number).toList()),
                        capture.inbound(),
                        commented(name + "/redirect-inbound")));
          }
        });
    return new NftTable(new TreeMap<>(Map.of(OUTBOUND, out, INBOUND, in)));
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
    for (String printed : listed.lines().toList()) {
      String line = printed.strip();
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
   * This table with the rules that another has for some workloads, behind its own.
   *
   * @param other where those rules are
   * @param workloads whose rules to keep
   */
  NftTable keeping(NftTable other, Set<WorkloadName> workloads) {
    if (Collections.disjoint(other.captured(), workloads)) {
      return this;
    }
    TreeMap<String, List<String>> merged = new TreeMap<>(chains);
    for (String chain : List.of(OUTBOUND, INBOUND)) {
      List<String> rules = new ArrayList<>(merged.getOrDefault(chain, List.of()));
      for (String rule : other.chains.getOrDefault(chain, List.of())) {
        boolean ofThese =
            workloads.stream().anyMatch(name -> rule.contains("\"meshx/" + name + "/"));
        // Without workloads of its own this table has no exemptions either; they come along.
        boolean shared = chains.isEmpty() && !rule.contains("/redirect-");
        if (ofThese || shared) {
          rules.add(rule);
        }
      }
      merged.put(chain, rules);
    }
    return new NftTable(merged);
  }

  /**
   * The input of {@code nft -f -} that makes this table whatever is there, in one transaction. The
   * table is made before it is deleted, since deleting one that is not there fails.
   *
   * @see <a href="https://www.netfilter.org/projects/nftables/manpage.html">nft(8), -f</a>
   */
  public String script() {
    String fresh = "add table " + NAME + "\ndelete table " + NAME + "\n";
    return isEmpty()
        ? fresh
        : fresh
            + chains.entrySet().stream()
                .map(chain ->
                    "chain "
                        + chain.getKey()
                        + " {\n"
                        + String.join("\n", chain.getValue())
                        + "\n}\n")
                .collect(Collectors.joining("", "table " + NAME + " {\n", "}\n"));
  }
}
