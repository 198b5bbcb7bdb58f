// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host;

/** The releases of Debian that hosts run, and with them the cgroup layouts. */
public enum Debian {
  /** Debian 12, systemd 252. It sees the layout of this machine: hybrid on a hybrid one. */
  BOOKWORM("Debian 12", "bookworm"),

  /** Debian 13, systemd 257. It sees pure cgroup v2; without controllers on a hybrid machine. */
  TRIXIE("Debian 13", "trixie");

  private final String title;
  private final String suite;

  Debian(String title, String suite) {
    this.title = title;
    this.suite = suite;
  }

  /** Name and number for readers. */
  public String title() {
    return title;
  }

  /** The name of its package archive. */
  public String suite() {
    return suite;
  }
}
