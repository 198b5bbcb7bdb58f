// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.unit.Argv;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A program and its arguments, as systemd can run them. */
final class ExecForm implements Form<List<String>> {
  @Override
  public String allowed() {
    return "an array of strings: the program as an absolute path, then its arguments";
  }

  @Override
  public Optional<List<String>> read(Node node, Findings findings) {
    if (node.elements().isEmpty()) {
      return refuse(node, findings);
    }
    int before = findings.count();
    List<String> argv = new ArrayList<>();
    for (Node element : node.elements()) {
      if (element.value() instanceof Node.Value.Text(String argument)) {
        String refusal = Argv.refusal(argument);
        if (!refusal.isEmpty()) {
          findings.add(element, refusal);
        }
        argv.add(argument);
      } else {
        refuse(element, findings);
      }
    }
    if (findings.count() != before) {
      return Optional.empty();
    }
    if (!Path.of(argv.getFirst()).isAbsolute()) {
      findings.add(
          node.elements().getFirst(),
          "program '" + argv.getFirst() + "' has no absolute path; allowed: " + allowed());
      return Optional.empty();
    }
    return Optional.of(List.copyOf(argv));
  }
}
