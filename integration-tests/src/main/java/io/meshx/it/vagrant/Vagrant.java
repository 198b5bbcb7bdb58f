// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.vagrant;

import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Vagrant's commands on the machines of our Vagrantfile, and root's sessions on them. */
final class Vagrant {
  private static final Duration LONGEST = Duration.ofMinutes(20);

  private final Settings settings;
  private final Hypervisor hypervisor;
  private final Path key;
  private final Path ssh;

  /**
   * Makes the key of this run.
   *
   * @param directory for the key and what Vagrant says of the machines' addresses
   */
  Vagrant(Settings settings, Hypervisor hypervisor, Path directory) {
    this.settings = settings;
    this.hypervisor = hypervisor;
    this.key = directory.resolve("key");
    this.ssh = directory.resolve("ssh-config");
    Command.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "meshx", "-f", key.toString())
        .run()
        .ok();
  }

  /** The private key that root of every machine lets in. */
  Path key() {
    return key;
  }

  /** Runs a command of Vagrant, whatever comes of it. */
  Result run(String... arguments) {
    Map<String, String> environment = new TreeMap<>(hypervisor.environment());
    environment.put("HOME", System.getProperty("user.home"));
    environment.put("VAGRANT_CHECKPOINT_DISABLE", "1");
    environment.put("VAGRANT_DEFAULT_PROVIDER", settings.provider());
    environment.put("MESHX_BOX_CLUSTER", settings.clusterBox());
    Settings.HOSTS.forEach(
        host -> environment.put("MESHX_BOX_" + host.toUpperCase(Locale.ROOT), settings.box()));
    environment.put("MESHX_KEY", publicKey());
    List<String> prefix = new ArrayList<>(hypervisor.enter());
    prefix.addAll(List.of("env", "-C", settings.directory().toString()));
    environment.forEach((name, value) -> prefix.add(name + "=" + value));
    List<String> argv = new ArrayList<>(List.of("vagrant"));
    argv.addAll(List.of(arguments));
    return Command.of(argv).in("this machine", prefix).within(LONGEST).run();
  }

  private String publicKey() {
    try {
      return Files.readString(Path.of(key + ".pub")).strip();
    } catch (IOException e) {
      throw new LabException("reading the key of this run", e);
    }
  }

  /** Learns where the machines are; to be called when they are up. */
  void learnAddresses() {
    String known = run("ssh-config").ok().stdout();
    try {
      Files.writeString(ssh, known);
    } catch (IOException e) {
      throw new LabException("writing '" + ssh + "'", e);
    }
  }

  /** A script for root of a machine, by {@code bash -ec}. */
  Command sh(String machine, String script, String... options) {
    List<String> argv = new ArrayList<>(List.of("ssh", "-F", ssh.toString(), "-i", key.toString()));
    argv.addAll(List.of("-l", "root", "-o", "LogLevel=ERROR", "-o", "ServerAliveInterval=10"));
    argv.addAll(List.of(options));
    argv.addAll(List.of(machine, "--", "exec bash -ec " + quoted(script)));
    return Command.of(argv).in(machine, hypervisor.enter()).within(LONGEST);
  }

  /** One word for a shell. */
  static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
