// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.model.Port;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports on which an SSH server waits: those of processes named sshd, and port 22 where systemd
 * waits for it (ssh.socket).
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_net.5.html">proc_pid_net(5)</a>
 */
final class SshListeners {
  private static final Logger LOG = LoggerFactory.getLogger(SshListeners.class);
  private static final Port SSH = new Port(22);
  private static final String LISTEN = "0A";

  private final Path proc;

  /** Who listens changes seldom, and finding out whose a listener is takes a look at everybody. */
  private SortedMap<String, Port> lastListeners = new TreeMap<>();

  private SortedSet<Port> last = new TreeSet<>();

  /** Below the given {@code /proc}. */
  SshListeners(Path proc) {
    this.proc = proc;
  }

  synchronized SortedSet<Port> observe() throws IOException {
    SortedMap<String, Port> byInode = new TreeMap<>();
    for (String table : List.of("tcp", "tcp6")) {
      listening(proc.resolve("net").resolve(table), byInode);
    }
    if (byInode.equals(lastListeners)) {
      return last;
    }
    TreeSet<Port> ports = new TreeSet<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[1-9]*")) {
      for (Path process : processes) {
        String name = read(process.resolve("comm"));
        if (name.equals("sshd")) {
          ports.addAll(held(process, byInode));
        } else if (process.endsWith("1") && held(process, byInode).contains(SSH)) {
          ports.add(SSH);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    lastListeners = byInode;
    last = Collections.unmodifiableSortedSet(ports);
    return last;
  }

  private static void listening(Path table, SortedMap<String, Port> byInode) throws IOException {
    try {
      // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
      for (String line : Files.readAllLines(table)) {
        String[] words = line.strip().split(" +", -1);
        if (words.length > 9 && words[3].equals(LISTEN)) {
          int port = Integer.parseInt(words[1].substring(words[1].lastIndexOf(':') + 1), 16);
          byInode.put("socket:[" + words[9] + "]", new Port(port));
        }
      }
    } catch (NoSuchFileException e) {
      LOG.trace("this kernel has no such family", e);
    }
  }

  private static SortedSet<Port> held(Path process, SortedMap<String, Port> byInode) {
    TreeSet<Port> ports = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path file : files) {
        Port port = byInode.get(Files.readSymbolicLink(file).toString());
        if (port != null) {
          ports.add(port);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.debug("'{}' has ended, or is not ours to look at", process, e);
    }
    return ports;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      LOG.trace("ended meanwhile", e);
      return "";
    }
  }
}
