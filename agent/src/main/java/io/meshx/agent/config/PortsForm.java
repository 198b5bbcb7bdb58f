// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.ServedPort;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.WorkloadName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The tables {@code [[port]]}. */
final class PortsForm implements Form<List<ServedPort>> {
  // Kubernetes' IANA_SVC_NAME: at most 15 characters, a letter, no two dashes in a row (RFC 6335).
  private static final Pattern NAME =
      Pattern.compile("(?=.{1,15}\\z)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*");
  private static final String NAME_ALLOWED =
      "at most 15 lower-case letters, digits and single inner dashes, with a letter";

  static final Key<WorkloadName> PORT_NAME =
      Key.required(
          "name",
          Forms.of(NAME_ALLOWED, PortsForm::name),
          "\"http\"",
          "Name of the port, as in Kubernetes.");
  static final Key<Port> PORT_NUMBER =
      Key.required("port", Forms.port(), "8000", "The TCP port that the workload listens on.");
  static final List<Key<?>> ALL = List.of(PORT_NAME, PORT_NUMBER);

  private static WorkloadName name(String text) {
    if (!NAME.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no port name; allowed: " + NAME_ALLOWED);
    }
    return new WorkloadName(text);
  }

  @Override
  public String allowed() {
    return "tables [[port]], each with name and port";
  }

  @Override
  public Optional<List<ServedPort>> read(Node node, Findings findings) {
    if (!(node.value() instanceof Node.Value.Array)) {
      return refuse(node, findings);
    }
    int before = findings.count();
    List<ServedPort> ports = new ArrayList<>();
    Set<WorkloadName> names = new HashSet<>();
    for (Node element : node.elements()) {
      if (!(element.value() instanceof Node.Value.Table)) {
        refuse(element, findings);
        continue;
      }
      Entries entries = Entries.read(ALL, List.of(element), findings);
      entries.complete(word -> Optional.empty(), findings);
      Optional<WorkloadName> name = entries.value(PORT_NAME);
      Optional<Port> number = entries.value(PORT_NUMBER);
      if (name.isPresent() && number.isPresent()) {
        ports.add(new ServedPort(name.get(), number.get()));
      }
      if (name.isPresent() && !names.add(name.get())) {
        findings.add(
            entries.place(PORT_NAME),
            element.key() + ".name",
            "'" + name.get() + "' is there twice; give each port its own name");
      }
    }
    return findings.count() == before ? Optional.of(List.copyOf(ports)) : Optional.empty();
  }
}
