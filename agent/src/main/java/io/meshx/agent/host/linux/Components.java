// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.host.Component;
import io.meshx.agent.model.HostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What of a host the agent works with. */
public final class Components {
  private static final Logger LOG = LoggerFactory.getLogger(Components.class);

  private Components() {}

  /**
   * Asks each for its version; what is not there, or does not say it, is left out.
   *
   * @param spireAgent the SPIRE agent's program, if it is known
   */
  public static List<Component> of(Commands commands, Optional<Path> spireAgent) {
    ArrayList<Component> found = new ArrayList<>();
    found.add(new Component("Linux", System.getProperty("os.version"), ""));
    // Each of these begins with its own name.
    for (String program : List.of("systemctl", "nft", "iptables")) {
      said(commands, program)
          .map(line -> line.split(" ", 2))
          .filter(words -> words.length == 2)
          .ifPresent(words -> found.add(new Component(words[0], words[1], "")));
    }
    spireAgent
        .map(Path::toString)
        .flatMap(path -> said(commands, path).map(v -> new Component("spire-agent", v, path)))
        .ifPresent(found::add);
    return found;
  }

  private static Optional<String> said(Commands commands, String program) {
    try {
      return commands.said(List.of(program, "--version")).lines().findFirst();
    } catch (HostException.CommandFailed e) {
      LOG.debug("'{}' does not say its version", program, e);
      return Optional.empty();
    }
  }
}
