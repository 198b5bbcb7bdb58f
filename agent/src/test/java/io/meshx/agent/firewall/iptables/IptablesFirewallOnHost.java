// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.iptables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.Interception;
import io.meshx.agent.firewall.NatTable;
import io.meshx.agent.firewall.NatTables;
import io.meshx.agent.firewall.Rules;
import io.meshx.agent.firewall.RulesContract;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.testing.NetworkNamespace;
import io.meshx.agent.testing.RecordedCommands;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import org.junit.jupiter.api.Test;

/** One variant of a host's tools, in a network namespace with rules of somebody else. */
public abstract class IptablesFirewallOnHost extends RulesContract<NatTables> {
  /** What container runtimes put there, and a comment that only looks like a jump of ours. */
  private static final String OTHERS =
      """
      *nat
      :DOCKER - [0:0]
      -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
      -A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment "no -j MESHX_OUT \\"here\\"" -j DOCKER
      -A DOCKER -i docker0 -j RETURN
      COMMIT
      """;

  private final Variant variant;
  private final NetworkNamespace namespace;
  private final Commands commands;
  private final RecordedCommands recorded;
  private final IptablesFirewall firewall;

  /**
   * Makes the namespace.
   *
   * @param variant which tools
   * @param host runs a command on the host
   */
  protected IptablesFirewallOnHost(Variant variant, Commands host) throws HostException {
    this.variant = variant;
    this.namespace = NetworkNamespace.on(host);
    this.commands = namespace.commands();
    this.recorded = new RecordedCommands(commands);
    this.firewall = new IptablesFirewall(recorded, variant, () -> FAMILIES);
  }

  @Override
  protected void open() throws HostException {
    for (IpFamily family : FAMILIES) {
      commands.run(List.of(variant.restore(family), "-w", "5"), OTHERS);
    }
  }

  @Override
  protected void close() throws HostException {
    namespace.close();
  }

  @Override
  protected Rules<NatTables> rules() {
    return firewall;
  }

  @Override
  protected NatTables tables(Interception interception) {
    return interception.tables(FAMILIES);
  }

  @Override
  protected SortedSet<WorkloadName> captured(NatTables tables) {
    return tables.captured();
  }

  @Override
  protected String host() throws HostException {
    StringBuilder text = new StringBuilder();
    for (IpFamily family : FAMILIES) {
      commands
          .run(variant.save(family))
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(line -> text.append(family + " " + line + "\n"));
    }
    return text.toString();
  }

  @Override
  protected List<String> operations() {
    return recorded.operations().stream().filter(line -> line.contains("-restore ")).toList();
  }

  @Override
  protected void flush() throws HostException {
    flush(IpFamily.V4);
    flush(IpFamily.V6);
  }

  private void flush(IpFamily family) throws HostException {
    // Our rules only, so that those of others can be compared afterwards.
    tool(family, "-F", "MESHX_OUT");
    tool(family, "-F", "MESHX_IN");
    tool(family, "-D", "OUTPUT", "-m", "comment", "--comment", "meshx/jump", "-j", "MESHX_OUT");
    tool(family, "-D", "PREROUTING", "-m", "comment", "--comment", "meshx/jump", "-j", "MESHX_IN");
  }

  private void tool(IpFamily family, String... arguments) throws HostException {
    ArrayList<String> argv = new ArrayList<>();
    argv.addAll(List.of(variant.save(family).replace("-save", ""), "-w", "5", "-t", "nat"));
    argv.addAll(List.of(arguments));
    commands.run(argv, "");
  }

  @Test
  void oneRestoreForEachFamily() throws HostException {
    firewall.apply(THREE.tables(FAMILIES));

    assertEquals(2, operations().size());
  }

  @Test
  void onlyTheFamilyThatDiffersIsRestored() throws HostException {
    firewall.apply(THREE.tables(FAMILIES));
    flush(IpFamily.V6);
    firewall.apply(THREE.tables(FAMILIES));

    assertEquals(3, operations().size());
    assertEquals(THREE.tables(FAMILIES), firewall.observe());
  }

  @Test
  void familyThatIsNotGivenStaysAsItIs() throws HostException {
    NatTable one = Objects.requireNonNull(ONE.tables(FAMILIES).families().get(IpFamily.V4));
    firewall.apply(new NatTables(Map.of(IpFamily.V4, one)));

    assertEquals(
        new NatTables(Map.of(IpFamily.V4, one, IpFamily.V6, NatTable.EMPTY)), firewall.observe());
  }

  @Test
  void jumpsComeBeforeTheRulesOfOthers() throws HostException {
    firewall.apply(THREE.tables(FAMILIES));

    for (String chain : List.of("OUTPUT", "PREROUTING")) {
      String first =
          host().lines().filter(line -> line.startsWith("V4 -A " + chain)).findFirst().orElse("");
      assertTrue(first.contains("meshx/jump"), first);
    }
  }

  @Test
  void jumpsThatAreThereTwiceBecomeOne() throws HostException {
    firewall.apply(THREE.tables(FAMILIES));
    tool(
        IpFamily.V4, "-A", "OUTPUT", "-m", "comment", "--comment", "meshx/jump", "-j", "MESHX_OUT");
    firewall.apply(THREE.tables(FAMILIES));

    assertEquals(
        1, host().lines().filter(line -> line.matches("V4 -A OUTPUT .* -j MESHX_OUT")).count());
  }

  @Test
  void chainAndJumpOfAnotherVersionOfOursAreRemoved() throws HostException {
    tool(IpFamily.V4, "-N", "MESHX_OLD");
    tool(IpFamily.V4, "-A", "MESHX_OLD", "-p", "udp", "-j", "RETURN");
    tool(IpFamily.V4, "-A", "OUTPUT", "-d", "192.0.2.0/24", "-j", "MESHX_OLD");
    firewall.apply(THREE.tables(FAMILIES));

    assertEquals(THREE.tables(FAMILIES), firewall.observe());
    assertTrue(host().lines().noneMatch(line -> line.contains("MESHX_OLD")));
  }

  @Test
  void refusedRestoreLeavesItsFamilyAsItWasAndTheOtherIsRestored() throws HostException {
    Commands broken =
        (argv, input) ->
            commands.run(
                argv,
                argv.getFirst().startsWith("iptables")
                    ? input.replace("COMMIT", "-A MESHX_OUT -j MESHX_NOWHERE\nCOMMIT")
                    : input);
    String before = host();
    CommandFailed failure =
        assertThrows(
            CommandFailed.class,
            () ->
                new IptablesFirewall(broken, variant, () -> FAMILIES)
                    .apply(THREE.tables(FAMILIES)));

    assertTrue(failure.toString().contains("MESHX_NOWHERE"), failure.toString());
    assertEquals(family("V4", before), family("V4", host()));
    assertEquals(
        THREE.tables(FAMILIES).families().get(IpFamily.V6),
        firewall.observe().families().get(IpFamily.V6));
  }

  private static List<String> family(String family, String host) {
    return host.lines().filter(line -> line.startsWith(family)).toList();
  }
}
