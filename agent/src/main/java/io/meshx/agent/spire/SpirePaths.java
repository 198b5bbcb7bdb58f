// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.List;

/**
 * Where the SPIRE agent and the demo mode's SPIRE server have their files.
 *
 * <p>What SPIRE writes lies in directories of its own user; what the agent writes for it lies above
 * them in root's, so that SPIRE's user cannot put something else in its place.
 *
 * @param run directory that a reboot empties, with sockets and generated configuration
 * @param state directory that a reboot keeps
 * @param credentials where systemd puts the credentials of units
 */
public record SpirePaths(Path run, Path state, Path credentials) {
  /** The user that runs the SPIRE agent and server. */
  public static final UserName USER = new UserName("meshx-spire");

  private static final UserName ROOT = new UserName("root");

  /**
   * Below the agent's own directories.
   *
   * @param run the agent's runtime directory, {@code /run/meshx-agent}; other users must be able to
   *     pass through it
   * @param state the agent's state directory, {@code /var/lib/meshx-agent}; likewise
   */
  public static SpirePaths under(Path run, Path state) {
    return new SpirePaths(
        run.resolve("spire"), state.resolve("spire"), Path.of("/run/credentials"));
  }

  /** The SPIRE agent's Workload API socket; every process may ask there. */
  public Path publicSocket() {
    return run.resolve("public/api.sock");
  }

  /**
   * The SPIRE agent's admin socket, for SPIRE's user and root. SPIRE refuses one inside the
   * directory of the public socket.
   */
  public Path adminSocket() {
    return run.resolve("admin/admin.sock");
  }

  /** What the SPIRE agent keeps: its identity, its key and the trust bundle. */
  public Path agentData() {
    return state.resolve("agent");
  }

  /** The SPIRE agent's configuration. */
  public Path agentConfiguration() {
    return run.resolve("agent.json");
  }

  /** The join token of the demo mode. */
  public Path joinToken() {
    return run.resolve("join-token");
  }

  /** What the SPIRE server keeps: its database and keys. */
  public Path serverData() {
    return state.resolve("server");
  }

  /** The SPIRE server's admin socket. */
  public Path serverSocket() {
    return run.resolve("server/api.sock");
  }

  /** The SPIRE server's configuration. */
  public Path serverConfiguration() {
    return run.resolve("server.json");
  }

  /** Where a unit's program finds one of its credentials. */
  Path credential(UnitName unit, String name) {
    return credentials.resolve(unit.text()).resolve(name);
  }

  /** The directories of the SPIRE agent, parents first. */
  public List<HostFile> agentDirectories() {
    return List.of(
        HostFile.directory(run, ROOT, 0755),
        HostFile.directory(run.resolve("public"), USER, 0755),
        HostFile.directory(run.resolve("admin"), USER, 0700),
        HostFile.directory(state, ROOT, 0755),
        HostFile.directory(agentData(), USER, 0700));
  }

  /** The directories of the SPIRE server, parents first. */
  public List<HostFile> serverDirectories() {
    return List.of(
        HostFile.directory(run, ROOT, 0755),
        HostFile.directory(run.resolve("server"), USER, 0700),
        HostFile.directory(state, ROOT, 0755),
        HostFile.directory(serverData(), USER, 0700));
  }

  /** The SPIRE agent's configuration as a file; there is no secret in it. */
  public HostFile agentFile(AgentConfiguration configuration) {
    return HostFile.file(agentConfiguration(), ROOT, 0644, configuration.text(this));
  }

  /** The SPIRE server's configuration as a file; there is no secret in it. */
  public HostFile serverFile(ServerConfiguration configuration) {
    return HostFile.file(serverConfiguration(), ROOT, 0644, configuration.text(this));
  }

  /** The demo mode's join token as a file, which only root may read; systemd hands it on. */
  public HostFile tokenFile(String token) {
    return HostFile.file(joinToken(), ROOT, 0600, token + "\n");
  }
}
