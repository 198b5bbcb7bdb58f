// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy.admin;

import io.meshx.agent.model.Port;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * The TCP ports of this host on which something listens.
 *
 * @param directory {@code /proc/net}
 * @see <a href="https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html">
 *     proc_net_tcp</a>
 */
record Listeners(Path directory) {
  private static final String LISTEN = "0A";

  /**
   * The ports, of both families.
   *
   * @throws IOException if the kernel's list cannot be read
   */
  Set<Port> observe() throws IOException {
    Set<Port> ports = new HashSet<>();
    add("tcp", ports);
    add("tcp6", ports);
    return ports;
  }

  private void add(String file, Set<Port> ports) throws IOException {
    String text;
    try {
      text = Files.readString(directory.resolve(file), StandardCharsets.US_ASCII);
    } catch (NoSuchFileException e) {
      // A kernel without IPv6 has no tcp6.
      return;
    }
    for (String line : text.lines().toList()) {
      String[] fields = line.strip().split(" +", -1);
      if (fields.length > 3 && fields[3].equals(LISTEN)) {
        String local = fields[1];
        ports.add(new Port(Integer.parseInt(local.substring(local.indexOf(':') + 1), 16)));
      }
    }
  }
}
