// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host;

import io.meshx.it.exec.Result;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A Linux host with systemd, on the wire of a lab, as root sees it. What is on its disk survives
 * {@link #reboot} and {@link #kill}, nothing else does. Every method but {@link #boot}, {@link
 * #journal}, {@link #running} and {@link #remove} needs it running, and throws {@link
 * io.meshx.it.exec.LabException} when something cannot be done; a command that fails is a {@link
 * Result}, not an exception. It is not closeable on purpose: JUnit closes what it gives to a
 * parameterized test.
 */
public interface Host {
  /** Its short name, which is its host name too. */
  String name();

  /** What it is, for the reader of a log: distribution and cgroup layout. */
  String description();

  /** Its IPv4 address on the wire. */
  String ipv4();

  /** Its IPv6 address on the wire. */
  String ipv6();

  boolean running();

  /**
   * Boots it and waits until systemd says that it is running, without a failed unit.
   *
   * @throws io.meshx.it.exec.LabException when it is running already or does not come up; with the
   *     failed units or the console's last words
   */
  void boot();

  /** Ends it as {@code systemctl reboot} does, and boots it with fresh network devices. */
  void reboot();

  /** Ends it as {@code systemctl poweroff} does. */
  void shutdown();

  /** Ends all its processes at once, as if the power was cut. The page cache survives. */
  void kill();

  /**
   * Runs a command as a unit of its own, in the host's cgroups with the host's environment, as
   * {@code systemd-run --wait --pipe} does, within 30 seconds. Arguments arrive as they are given.
   */
  Result run(String... argv);

  /**
   * The same with another time limit; the unit is ended when it is over.
   *
   * @throws io.meshx.it.exec.LabException when the time is over
   */
  Result run(Duration timeout, String... argv);

  /**
   * Runs a command at once, about five times as fast as {@link #run}: in the host's namespaces but
   * outside its cgroups, with a small fixed environment. For looking and for {@code systemctl}; not
   * for what is to live on.
   */
  Result exec(String... argv);

  /** The same with another time limit. */
  Result exec(Duration timeout, String... argv);

  /** Runs a script by {@code bash -ec} as {@link #exec} does. */
  default Result sh(String script) {
    return exec("bash", "-ec", script);
  }

  /** The content of a file, as UTF-8. */
  default String read(String path) {
    return new String(readBytes(path), StandardCharsets.UTF_8);
  }

  /** The content of a file. */
  byte[] readBytes(String path);

  /** True when something is at the path, whatever it is. */
  boolean exists(String path);

  /**
   * Writes a file of root that all may read, see {@link #write(String, byte[], String, String)}.
   */
  default void write(String path, String content) {
    write(path, content, "root:root", "0644");
  }

  /** Writes a file, see {@link #write(String, byte[], String, String)}. */
  default void write(String path, String content, String owner, String mode) {
    write(path, content.getBytes(StandardCharsets.UTF_8), owner, mode);
  }

  /**
   * Puts a file in place at once, never half written, with the directories above it.
   *
   * @param owner {@code USER:GROUP}
   * @param mode octal, such as {@code 0640}
   */
  void write(String path, byte[] content, String owner, String mode);

  /**
   * Copies a file of this machine into place, as {@link #write(String, byte[], String, String)}.
   */
  void copyIn(Path file, String path, String owner, String mode);

  /** Removes a file or a directory with all in it; no harm if it is not there. */
  void delete(String path);

  /**
   * What a unit has said since the last boot, message by message; every unit's with the unit's name
   * {@code *}. Of a host that is not running: since the first boot, if its disk can be read from
   * here.
   */
  String journal(String unit);

  /** What its console has shown, if it is kept. */
  String console();

  /** Where the host's system bus is reached from this machine, as a D-Bus address. */
  String systemBusAddress();

  /** An argv prefix that runs the rest in all of the host's namespaces, from this machine. */
  List<String> enter();

  /** True when it was removed. */
  boolean removed();

  /** Ends and removes it with all it had. No harm if it is removed already; the lab does it too. */
  void remove();
}
