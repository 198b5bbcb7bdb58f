// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host.vagrant;

import io.meshx.it.exec.LabException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The machines of a run of Vagrant, as the machine "cluster", where the tests run, knows them.
 *
 * @param wire the interface of this machine that hangs on the wire with the hosts
 * @param key the private key that root of every host lets in
 * @param power the socket at which somebody outside switches machines; see {@link #ask}
 */
public record Machines(String wire, Path key, Path power) {
  /**
   * The machines of this run; none when hosts are to be made on this machine.
   *
   * <p>They are told by the system properties {@code meshx.wire}, {@code meshx.key} and {@code
   * meshx.power}.
   */
  public static Optional<Machines> ofThisRun() {
    return Optional.ofNullable(System.getProperty("meshx.wire"))
        .map(wire -> new Machines(wire, path("meshx.key"), path("meshx.power")));
  }

  private static Path path(String property) {
    return Path.of(
        Optional.ofNullable(System.getProperty(property))
            .orElseThrow(() -> new LabException("looking for the machines: no " + property)));
  }

  /** What somebody outside can do with a machine. */
  public enum Verb {
    /** Has it shut down, and waits until it is off. */
    STOP,
    /** Switches it off, with what the disk has at that moment. */
    CUT,
    /** Switches one on that is off. */
    START,
    /** Keeps its memory and disk under a name. */
    SAVE,
    /** Brings back what was kept under a name; time has stood still for the machine. */
    RESTORE
  }

  /**
   * Has something done to a machine, and waits for it. One line to the socket, {@code VERB MACHINE
   * NAME}, and one back, {@code done} or why not.
   *
   * @param name of what is kept, for {@link Verb#SAVE} and {@link Verb#RESTORE}; empty otherwise
   * @throws LabException when it was not done
   */
  public void ask(Verb verb, String machine, String name) {
    String question = "%s %s %s\n".formatted(verb, machine, name);
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(power))) {
      OutputStream out = Channels.newOutputStream(channel);
      out.write(question.getBytes(StandardCharsets.UTF_8));
      out.flush();
      channel.shutdownOutput();
      String text =
          new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
      if (!text.strip().equals("done")) {
        throw new LabException("asking for '%s': %s".formatted(question.strip(), text.strip()));
      }
    } catch (IOException e) {
      throw new LabException("asking for '%s' at '%s'".formatted(question.strip(), power), e);
    }
  }
}
