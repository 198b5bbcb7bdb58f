// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.OnRenewal;
import io.meshx.agent.model.Signal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is done when an SVID was renewed: a word, a signal or a program. */
final class RenewalForm implements Form<OnRenewal> {
  private static final ExecForm PROGRAM = new ExecForm();
  private static final String NOTHING = "nothing";
  private static final String RELOAD = "reload";

  @Override
  public String allowed() {
    return "\""
        + NOTHING
        + "\", \""
        + RELOAD
        + "\", one of "
        + Arrays.stream(Signal.values())
            .map(signal -> "\"" + signal + "\"")
            .collect(Collectors.joining(", "))
        + ", or "
        + PROGRAM.allowed();
  }

  @Override
  public Optional<OnRenewal> read(Node node, Findings findings) {
    if (!node.elements().isEmpty()) {
      Optional<List<String>> argv = PROGRAM.read(node, findings);
      return argv.map(OnRenewal.Command::new);
    }
    if (!(node.value() instanceof Node.Value.Text(String word)) || word.isEmpty()) {
      return refuse(node, findings);
    }
    if (word.equals(NOTHING)) {
      return Optional.of(new OnRenewal.Nothing());
    }
    if (word.equals(RELOAD)) {
      return Optional.of(new OnRenewal.Reload());
    }
    for (Signal signal : Signal.values()) {
      if (signal.name().equals(word)) {
        return Optional.of(new OnRenewal.Send(signal));
      }
    }
    findings.add(node, "'" + word + "' is none of what is allowed: " + allowed());
    return Optional.empty();
  }
}
