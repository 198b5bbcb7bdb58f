// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.model.Digest;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ForwarderTest {
  private static final DnsView VIEW =
      new DnsView(IpAddress.parse("169.254.77.1"), new DnsName("cluster.local"));

  @Test
  void asksTheClustersServersForTheClustersDomainOnly() {
    UnitSpec spec = unit("10.96.0.10", "fd96::10");

    assertEquals(
        new Property.Commands(
            List.of(
                List.of(
                    "/usr/sbin/dnsmasq",
                    "--keep-in-foreground",
                    "--conf-file=/dev/null",
                    "--pid-file=",
                    "--no-hosts",
                    "--no-resolv",
                    "--bind-dynamic",
                    "--listen-address=169.254.77.1",
                    "--cache-size=0",
                    "--server=/cluster.local/10.96.0.10",
                    "--server=/cluster.local/fd96::10"))),
        spec.properties().get("ExecStart"));
  }

  @Test
  void needsNoUserOfItsOwnAndMayOnlyBindLowPorts() {
    UnitSpec spec = unit("10.96.0.10");

    assertEquals(new Property.Flag(true), spec.properties().get("DynamicUser"));
    assertEquals(new Property.Unsigned(1024), spec.properties().get("AmbientCapabilities"));
    assertEquals(new Property.Unsigned(1024), spec.properties().get("CapabilityBoundingSet"));
  }

  @Test
  void anotherServerIsAnotherSpec() {
    assertNotEquals(unit("10.96.0.10").fingerprint(), unit("10.96.0.11").fingerprint());
  }

  @Test
  void needsAServer() {
    assertThrows(
        IllegalArgumentException.class, () -> Forwarder.unit(VIEW, List.of(), Digest.of("c")));
  }

  private static UnitSpec unit(String... servers) {
    List<IpAddress> addresses = List.of(servers).stream().map(IpAddress::parse).toList();
    return Forwarder.unit(VIEW, addresses, Digest.of("c"));
  }
}
