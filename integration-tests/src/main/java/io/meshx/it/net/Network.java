// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.net;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Command;
import java.time.Duration;

/**
 * The wire of a lab: a namespace with a bridge that other namespaces hang on. No device of it is
 * ever seen in the machine's own namespace.
 */
public final class Network implements AutoCloseable {
  private static final String BRIDGE = "br0";

  private final Namespace wire;

  private Network(Namespace wire) {
    this.wire = wire;
  }

  /** Makes the namespace {@code ID-sw} with an empty bridge. */
  public static Network create(LabId id) {
    Namespace wire = Namespace.create(id.name("sw"));
    wire.ip(
        "link add " + BRIDGE + " type bridge forward_delay 0 mcast_snooping 0",
        "link set " + BRIDGE + " up");
    return new Network(wire);
  }

  /** The namespace with the bridge, to listen on the wire. */
  public Namespace wire() {
    return wire;
  }

  /** The name of the bridge in {@link #wire}. */
  public String bridge() {
    return BRIDGE;
  }

  /** The name of the port on the bridge that a station hangs on. */
  public String port(String station) {
    return "p-" + station;
  }

  /**
   * Gives a namespace an interface on the wire, up but without addresses, in place of the one that
   * the station had before.
   *
   * @param name of the station, at most 12 characters, unique on the wire
   * @param interfaceName its name in the namespace
   */
  public void attach(String name, Namespace to, String interfaceName, Station station) {
    detach(name);
    // Asked for here, since the kernel looks for the name of the new one where it is asked.
    wire.ip(
        "link add %s netns %s address %s type veth peer name %s"
            .formatted(interfaceName, to.name(), station.mac(), port(name)));
    wire.ip(
        "link set %s master %s".formatted(port(name), BRIDGE),
        "link set %s up".formatted(port(name)));
    to.ip("link set %s up".formatted(interfaceName));
  }

  /**
   * Puts an interface of this machine on the wire, with what hangs on it, and gives this end of the
   * wire an address. The machine has the interface back when the wire is gone.
   */
  public void take(String device, Station station) {
    Await.until(
        "the interface " + device,
        Duration.ofSeconds(10),
        () -> Command.of("ip", "link", "show", device).run().succeeded());
    Command.of("ip", "link", "set", device, "netns", wire.name()).run().ok();
    wire.ip("link set %s master %s".formatted(device, BRIDGE), "link set %s up".formatted(device));
    wire.ip(station.addresses(BRIDGE));
  }

  /** Takes a station off the wire; no harm if it is not on it. */
  public void detach(String station) {
    Command.of("ip", "-n", wire.name(), "link", "del", port(station)).run();
  }

  @Override
  public void close() {
    wire.close();
  }
}
