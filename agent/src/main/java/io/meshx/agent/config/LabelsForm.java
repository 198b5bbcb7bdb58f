// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Labels or annotations of a Kubernetes resource. */
final class LabelsForm implements Form<SortedMap<String, String>> {
  private static final String WORD = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?";
  private static final Pattern KEY =
      Pattern.compile("([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?" + WORD);
  private static final Pattern VALUE = Pattern.compile("(" + WORD + ")?");

  /** Those are the agent's. */
  private static final String OURS = "meshx.io/";

  private final boolean annotations;

  private LabelsForm(boolean annotations) {
    this.annotations = annotations;
  }

  static LabelsForm labels() {
    return new LabelsForm(false);
  }

  static LabelsForm annotations() {
    return new LabelsForm(true);
  }

  @Override
  public String allowed() {
    return "a table of \"key\" = \"value\", as in Kubernetes";
  }

  @Override
  public Optional<SortedMap<String, String>> read(Node node, Findings findings) {
    if (!(node.value() instanceof Node.Value.Table)) {
      return refuse(node, findings);
    }
    int before = findings.count();
    SortedMap<String, String> read = new TreeMap<>();
    node.members()
        .forEach((key, member) -> {
          if (!KEY.matcher(key).matches()) {
            findings.add(
                member,
                "'"
                    + key
                    + "' is no key of Kubernetes; allowed: at most 63 letters, digits, dots,"
                    + " underscores and dashes, perhaps after a DNS name and a slash");
          } else if (key.startsWith(OURS)) {
            findings.add(member, "is set by the agent itself; leave it out");
          } else if (!(member.value() instanceof Node.Value.Text(String value))) {
            findings.add(member, "is " + member.kind() + "; allowed: a string");
          } else if (!annotations && !VALUE.matcher(value).matches()) {
            findings.add(
                member,
                "'"
                    + value
                    + "' is no value of a label; allowed: at most 63 letters, digits, dots,"
                    + " underscores and dashes, or an empty string");
          } else {
            read.put(key, value);
          }
        });
    return findings.count() == before
        ? Optional.of(Collections.unmodifiableSortedMap(read))
        : Optional.empty();
  }
}
