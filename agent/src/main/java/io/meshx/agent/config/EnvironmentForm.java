// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A table of environment variables. */
final class EnvironmentForm implements Form<SortedMap<String, String>> {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");
  private static final Set<String> OURS =
      Set.of("WORKLOAD_NAME", "WORKLOAD_NAMESPACE", "NODE_NAME");

  @Override
  public String allowed() {
    return "a table of NAME = \"value\"";
  }

  @Override
  public Optional<SortedMap<String, String>> read(Node node, Findings findings) {
    if (!(node.value() instanceof Node.Value.Table)) {
      return refuse(node, findings);
    }
    int before = findings.count();
    SortedMap<String, String> variables = new TreeMap<>();
    node.members().forEach((name, member) -> read(name, member, variables, findings));
    return findings.count() == before
        ? Optional.of(Collections.unmodifiableSortedMap(variables))
        : Optional.empty();
  }

  private void read(
      String name, Node member, SortedMap<String, String> variables, Findings findings) {
    if (!NAME.matcher(name).matches()) {
      findings.add(
          member,
          "'" + name + "' is no name of a variable; allowed: letters, digits and underscores");
    } else if (OURS.contains(name)) {
      findings.add(member, "is set by the agent itself; leave it out");
    } else if (!(member.value() instanceof Node.Value.Text(String value))) {
      findings.add(member, "is " + member.kind() + "; allowed: a string");
    } else if (value.indexOf('\0') >= 0) {
      findings.add(member, "has a NUL character, which no variable can hold");
    } else {
      variables.put(name, value);
    }
  }
}
