// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.model.Port;
import io.meshx.agent.socket.TcpListeners;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports on which an SSH server waits: those of processes named sshd, and port 22 where systemd
 * waits for it (ssh.socket).
 */
final class SshListeners {
  private static final Logger LOG = LoggerFactory.getLogger(SshListeners.class);
  private static final Port SSH = new Port(22);

  private final Path proc;
  private final TcpListeners listeners;

  /** Who listens changes seldom, and finding out whose a listener is takes a look at everybody. */
  private SortedMap<String, Port> lastListeners = new TreeMap<>();

  private SortedSet<Port> last = new TreeSet<>();

  /** Below the given {@code /proc}. */
  SshListeners(Path proc) {
    this.proc = proc;
    this.listeners = new TcpListeners(proc.resolve("net"));
  }

  synchronized SortedSet<Port> observe() throws IOException {
    SortedMap<String, Port> byInode = listeners.observe();
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
