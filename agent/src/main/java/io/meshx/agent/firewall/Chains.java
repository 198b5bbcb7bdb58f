// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import io.meshx.agent.model.WorkloadName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the tables of both backends are made of: chains of rules whose comments say whose they are.
 */
final class Chains {
  private static final Pattern OWNER =
      Pattern.compile("meshx/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/");

  /** Rules for everybody else's connections, which must come behind those of every workload. */
  private static final Pattern EVERYBODY_ELSE = Pattern.compile("meshx/[a-z0-9-]+/[a-z]+-host\\b");

  private Chains() {}

  /** Whose a rule is, by its comment; empty for one that belongs to all or is not ours. */
  private static Optional<WorkloadName> owner(String rule) {
    Matcher matcher = OWNER.matcher(rule);
    return matcher.find() ? Optional.of(new WorkloadName(matcher.group(1))) : Optional.empty();
  }

  private static boolean belongs(String rule, Set<WorkloadName> workloads) {
    return owner(rule).filter(workloads::contains).isPresent();
  }

  /** Whether any rule belongs to one of some workloads. */
  static boolean haveAny(SortedMap<String, List<String>> chains, Set<WorkloadName> workloads) {
    return chains.values().stream()
        .flatMap(List::stream)
        .anyMatch(rule -> belongs(rule, workloads));
  }

  /**
   * Chains with the rules that others have for some workloads. A chain that is only there comes
   * with what is nobody's in particular, such as its hook and the exemptions.
   */
  static SortedMap<String, List<String>> keeping(
      SortedMap<String, List<String>> chains,
      SortedMap<String, List<String>> others,
      Set<WorkloadName> workloads) {
    TreeMap<String, List<String>> merged = new TreeMap<>(chains);
    others.forEach((name, rules) -> {
      boolean fresh = !chains.containsKey(name);
      List<String> kept =
          rules.stream()
              .filter(rule -> belongs(rule, workloads) || (fresh && owner(rule).isEmpty()))
              .toList();
      if (chains.isEmpty() || kept.stream().anyMatch(rule -> belongs(rule, workloads))) {
        merged.put(name, before(chains.getOrDefault(name, List.of()), kept));
      }
    });
    return merged;
  }

  private static List<String> before(List<String> own, List<String> kept) {
    List<String> all = new ArrayList<>(own);
    int at = 0;
    while (at < all.size() && !EVERYBODY_ELSE.matcher(all.get(at)).find()) {
      at++;
    }
    all.addAll(at, kept);
    return all;
  }
}
