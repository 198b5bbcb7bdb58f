// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.OnRenewal;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.List;

/** The keys of workloads/NAME.toml about an SVID for the workload itself. */
final class SvidKeys {
  /** Where systemd mounts a file system in memory (file-hierarchy(7)). */
  private static final Path IN_MEMORY = Path.of("/run");

  static final Key<Path> DIRECTORY =
      Key.optional(
          "svid.directory",
          Forms.of("an absolute path below /run, which is in memory", SvidKeys::inMemory),
          "\"/run/web-svid\"",
          "Where the workload finds an SVID of its own, for code that speaks TLS itself: svid.pem,"
              + " svid_key.pem, svid_and_key.pem and bundle.pem. The path becomes a symbolic link to the"
              + " newest, so all of them change at once. SPIRE needs an entry for it, which 'meshx"
              + " entries' prints.");
  static final Key<UserName> OWNER =
      Key.optional(
          "svid.owner",
          Forms.of("a user name", UserName::new),
          "\"web\"",
          "User who may read them; process.user unless it is given. Needed with process.unit.");
  static final Key<Integer> KEY_MODE =
      Key.text(
          "svid.key_mode",
          Forms.choice(text -> Integer.parseInt(text, 8), "0400", "0440", "0600", "0640"),
          "0400",
          "Mode of the files with the private key; their group is the owner's first one.");
  static final Key<OnRenewal> ON_RENEWAL =
      Key.text(
          "svid.on_renewal",
          new RenewalForm(),
          "nothing",
          "What tells a running workload of a new SVID: a signal to its main process, \"reload\" as"
              + " process.unit defines it, or a program, which runs as svid.owner.");

  /** All of them. */
  static final List<Key<?>> ALL = List.of(DIRECTORY, OWNER, KEY_MODE, ON_RENEWAL);

  private SvidKeys() {}

  private static Path inMemory(String text) {
    Path path = Path.of(text).normalize();
    if (!path.startsWith(IN_MEMORY) || path.equals(IN_MEMORY)) {
      throw new IllegalArgumentException(
          "'" + text + "' is not below /run; private keys belong into memory only");
    }
    if (path.startsWith(IN_MEMORY.resolve("meshx-agent"))) {
      throw new IllegalArgumentException("'" + text + "' belongs to the agent; choose another");
    }
    return path;
  }
}
