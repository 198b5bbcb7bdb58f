// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

import java.util.List;

/** Mounts and processes apart from this machine's. */
public final class Isolation {
  /**
   * An argv prefix that runs the rest in mount and process namespaces of its own: its mounts and
   * processes end with it, also when it is killed.
   */
  public static final List<String> PREFIX =
      List.of(
          "unshare",
          "--mount",
          "--propagation",
          "private",
          "--pid",
          "--fork",
          "--kill-child=SIGKILL",
          "--mount-proc");

  private Isolation() {}
}
