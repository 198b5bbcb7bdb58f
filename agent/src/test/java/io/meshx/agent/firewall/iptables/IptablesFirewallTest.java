// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpFamily;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What is made of the tools' refusals. */
final class IptablesFirewallTest {
  private static final String NO_MODULES =
      "ip6tables-save v1.8.9 (legacy): Cannot initialize: iptables who?";
  private static final String LOAD =
      "systemctl start modprobe@ip_tables.service modprobe@ip6_tables.service";
  private static final String READ = "ip6tables-save -t nat";

  private final List<String> ran = new ArrayList<>();

  @Test
  void aKernelWithoutTheOlderTablesIsNamedWithWhatHelps() {
    CommandFailed failed = observe(NO_MODULES);

    String message = String.valueOf(failed.getMessage());
    assertTrue(
        message.startsWith("running 'ip6tables-save -t nat' ended with status 1: ip6tables-save"),
        message);
    assertTrue(message.contains("set firewall.backend = \"nftables\""), message);
    assertEquals(1, failed.status());
    assertEquals(List.of(READ, LOAD, READ), ran);
  }

  @Test
  void modulesThatAreMissingAreLoadedBySystemdOnceForEachTime() throws HostException {
    Set<String> modules = new HashSet<>();
    IptablesFirewall firewall =
        firewall(argv -> {
          if (argv.equals(LOAD)) {
            modules.add("ip6_tables");
          } else if (modules.isEmpty()) {
            return Optional.of(NO_MODULES);
          }
          return Optional.empty();
        });

    firewall.observe();
    firewall.observe();
    assertEquals(List.of(READ, LOAD, READ, READ), ran);
    modules.clear();
    firewall.observe();
    assertEquals(List.of(READ, LOAD, READ, READ, READ, LOAD, READ), ran);
  }

  @Test
  void modulesThatAreNowhereAreNotLookedForAgainAndAgain() {
    IptablesFirewall firewall =
        firewall(argv -> argv.equals(LOAD) ? Optional.of("no systemd") : Optional.of(NO_MODULES));

    assertThrows(CommandFailed.class, firewall::observe);
    assertThrows(CommandFailed.class, firewall::observe);

    assertEquals(List.of(READ, LOAD, READ, READ), ran);
  }

  @Test
  void anotherRefusalIsLeftAsItIs() {
    CommandFailed failed = observe("Permission denied");

    assertEquals(
        "running 'ip6tables-save -t nat' ended with status 1: Permission denied",
        failed.getMessage());
    assertEquals(List.of(READ), ran);
  }

  private CommandFailed observe(String error) {
    IptablesFirewall firewall =
        firewall(argv -> argv.equals(LOAD) ? Optional.empty() : Optional.of(error));
    return assertThrows(CommandFailed.class, firewall::observe);
  }

  private IptablesFirewall firewall(Function<String, Optional<String>> error) {
    Commands commands =
        (argv, input) -> {
          String line = String.join(" ", argv);
          ran.add(line);
          Optional<String> said = error.apply(line);
          if (said.isPresent()) {
            throw new CommandFailed(argv, 1, "", said.get());
          }
          return "";
        };
    return new IptablesFirewall(commands, Variant.HOST, () -> new TreeSet<>(Set.of(IpFamily.V6)));
  }
}
