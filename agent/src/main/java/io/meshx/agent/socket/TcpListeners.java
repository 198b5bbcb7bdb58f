// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.socket;

import io.meshx.agent.model.Port;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
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

  /** A line of tcp, whose length is fixed; those of tcp6 are longer. */
  private static final int LINE = 150;

  /**
   * The port of each socket, by what a descriptor of it is a link to, such as {@code
   * socket:[4711]}.
   *
   * @throws IOException if the kernel's list cannot be read
   */
  public SortedMap<String, Port> observe() throws IOException {
    SortedMap<String, Port> byInode = new TreeMap<>();
    for (String family : List.of("tcp", "tcp6")) {
      // The kernel lists what listens before all connections, and finds those by a walk through a
      // table for as many as it may ever have: small pieces, and no more of them than are of use.
      try (InputStream table =
          new BufferedInputStream(Files.newInputStream(directory.resolve(family)), LINE)) {
        line(table); // The head.
        boolean more = true;
        while (more) {
          more = add(line(table), byInode);
        }
      } catch (NoSuchFileException e) {
        LOG.trace("this kernel has no such family", e);
      }
    }
    return byInode;
  }

  private static String line(InputStream table) throws IOException {
    StringBuilder line = new StringBuilder(2 * LINE);
    for (int next = table.read(); next >= 0 && next != '\n'; next = table.read()) {
      line.append((char) next);
    }
    return line.toString();
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
