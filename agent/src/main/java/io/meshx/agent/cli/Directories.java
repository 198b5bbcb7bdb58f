// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.nio.file.Path;

/** Where the package puts things. */
public final class Directories {
  /** Configuration. */
  public static final Path CONFIG = Path.of("/etc/meshx-agent");

  /** Sockets and environment files; gone after a reboot. */
  public static final Path RUN = Path.of("/run/meshx-agent");

  /** State that outlives a reboot. */
  public static final Path STATE = Path.of("/var/lib/meshx-agent");

  /** The package's own files. */
  public static final Path HOME = Path.of("/usr/lib/meshx-agent");

  /** The daemon's control socket. */
  public static final Path CONTROL = RUN.resolve("control.sock");

  /** Is there while peers are to choose no workload of this host; gone after a reboot. */
  public static final Path DRAINED = RUN.resolve("drained");

  private Directories() {}
}
