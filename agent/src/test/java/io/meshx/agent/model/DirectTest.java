// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DirectTest {
  private static SortedSet<PortRange> ports(String... ranges) {
    return List.of(ranges).stream()
        .map(PortRange::parse)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static SortedSet<Cidr> networks(String... networks) {
    return List.of(networks).stream()
        .map(Cidr::parse)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void rangesThatTouchAreOneAndInnerNetworksAreLeftOut() {
    Direct direct =
        new Direct(
            ports("1-3", "2-9", "10-10", "12-12", "65535-65535"),
            networks("10.0.0.0/8", "10.1.0.0/16", "11.0.0.0/16", "fc00::/7", "fd01::/16"),
            ports(),
            ports(),
            networks());
    assertEquals("[1-10, 12, 65535]", direct.toPorts().toString());
    assertEquals("[10.0.0.0/8, 11.0.0.0/16, fc00::/7]", direct.toNetworks().toString());
  }

  @Test
  void itSaysWhatItIsAndIsShortAboutIt() {
    assertEquals("", Direct.NOTHING.toString());
    assertEquals(
        "TCP to ports 1, 3, 5, 7, 9 and 1 more; anything with 10.0.0.0/8; UDP with ports 53;"
            + " TCP from others to ports 9100-9101; TCP from fd09::/64",
        new Direct(
                ports("1-1", "3-3", "5-5", "7-7", "9-9", "11-11"),
                networks("10.0.0.0/8"),
                ports("53-53"),
                ports("9100-9101"),
                networks("fd09::/64"))
            .toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"9-8", "0-1", "1-65536", "80", "a-b", "-", "1-", "-1", "1-2-3", " 1-2"})
  void whatIsNoRangeIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> PortRange.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "::, ::",
    "::1, ::1",
    "fd00:0:0:0:0:0:0:0, fd00::",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "FD00::00AB, fd00::ab"
  })
  void addressesAreWrittenAsLinuxWritesThem(String given, String written) {
    assertEquals(written, IpAddress.parse(given).toString());
  }
}
