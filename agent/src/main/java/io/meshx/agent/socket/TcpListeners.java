// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.socket;

import io.meshx.agent.model.Port;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TCP sockets of this host that wait for connections, of both families.
 *
 * @param directory {@code /proc/net}
 * @see <a href="https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html">
 *     proc_net_tcp</a>
 */
public record TcpListeners(Path directory) {
  private static final Logger LOG = LoggerFactory.getLogger(TcpListeners.class);
  private static final String LISTEN = "0A";

  /**
   * The port of each socket, by what a descriptor of it is a link to, such as {@code
   * socket:[4711]}.
   *
   * @throws IOException if the kernel's list cannot be read
   */
  public SortedMap<String, Port> observe() throws IOException {
    SortedMap<String, Port> byInode = new TreeMap<>();
    for (String family : List.of("tcp", "tcp6")) {
      // The kernel lists what listens first, and then all connections, which may be thousands.
      try (BufferedReader table =
          Files.newBufferedReader(directory.resolve(family), StandardCharsets.US_ASCII)) {
        table.readLine(); // The head.
        String line = table.readLine();
        while (line != null && add(line, byInode)) {
          line = table.readLine();
        }
      } catch (NoSuchFileException e) {
        LOG.trace("this kernel has no such family", e);
      }
    }
    return byInode;
  }

  /** Whether it was a line of a socket that listens. */
  private static boolean add(String line, SortedMap<String, Port> byInode) {
    // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
    String[] words = line.strip().split(" +", -1);
    if (words.length <= 9 || !words[3].equals(LISTEN)) {
      return false;
    }
    int port = Integer.parseInt(words[1].substring(words[1].lastIndexOf(':') + 1), 16);
    byInode.put("socket:[" + words[9] + "]", new Port(port));
    return true;
  }
}
