// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.enrolment.ClusterGrants;
import io.meshx.agent.model.HostException;
import io.meshx.agent.status.ExitStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What the administrator of the SPIRE server has to make. */
@Command(
    name = "entries",
    description =
        "Prints the registration entries that the SPIRE server needs for this host and its workloads.",
    mixinStandardHelpOptions = true)
public final class ShowEntries implements Callable<Integer> {
  /** In which form. */
  enum Form {
    /** Lines for a shell at the SPIRE server. */
    COMMANDS,
    /** ClusterStaticEntry resources of SPIRE's controller manager. */
    MANIFESTS,
    /** What the Kubernetes API must allow this host. */
    KUBERNETES
  }

  @Option(
      names = "--as",
      paramLabel = "FORM",
      description = {
        "commands: lines of spire-server (default)",
        "manifests: ClusterStaticEntry resources of SPIRE's controller manager",
        "kubernetes: what the Kubernetes API must allow this host"
      })
  private Form form = Form.COMMANDS;

  @Option(names = "--config", paramLabel = "DIR", description = "Directory with agent.toml.")
  private Path config = Directories.CONFIG;

  /** For picocli. */
  public ShowEntries() {}

  @Override
  public Integer call() {
    try {
      AgentConfig read = Wiring.configReader().read(config);
      System.out.print(
          switch (form) {
            case COMMANDS -> Wiring.entries(read).commands();
            case MANIFESTS -> Wiring.entries(read).manifests();
            case KUBERNETES -> ClusterGrants.manifests(read);
          });
      return ExitStatus.OK.code();
    } catch (ConfigException e) {
      return Say.why(ExitStatus.CONFIG, String.valueOf(e.getMessage()));
    } catch (HostException | IOException e) {
      return Say.why(ExitStatus.FAILED, String.valueOf(e.getMessage()));
    }
  }
}
