// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns.resolved;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.IpAddress;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class LinkStateTest {
  /** Printed by iproute2 6.1. */
  private static final String LINKS =
      """
      [{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"operstate":"UNKNOWN",
        "addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
       {},
       {"ifindex":6,"link":"meshx-dnsp","ifname":"meshx-dns",
        "flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"operstate":"UP","link_type":"ether",
        "addr_info":[
          {"family":"inet","local":"169.254.77.1","prefixlen":32,"scope":"global"},
          {"family":"inet6","local":"fd77::1","prefixlen":128,"scope":"global","nodad":true},
          {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link","tentative":true}]},
       {"ifindex":7,"ifname":"meshx-down","flags":["BROADCAST","MULTICAST"],"addr_info":[]}]
      """;

  @Test
  void linkIsFoundWithTheAddressesThatSomebodyGaveIt() {
    assertEquals(
        Optional.of(
            new LinkState(
                6,
                true,
                new TreeSet<>(
                    List.of(IpAddress.parse("169.254.77.1"), IpAddress.parse("fd77::1"))))),
        LinkState.find("meshx-dns", LINKS));
  }

  @Test
  void linkThatIsNotUpSaysSo() {
    assertEquals(
        Optional.of(new LinkState(7, false, new TreeSet<>())), LinkState.find("meshx-down", LINKS));
  }

  @Test
  void absentLinkIsAbsent() {
    assertEquals(Optional.empty(), LinkState.find("meshx", LINKS));
  }
}
