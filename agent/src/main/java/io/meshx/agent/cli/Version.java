// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import com.google.gson.GsonBuilder;
import io.meshx.agent.Wiring;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.host.Component;
import io.meshx.agent.status.Snapshot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

/** Says which build this is, what runs it, and what it works with on this host. */
@Command(
    name = "version",
    description = {
      "Shows the version of the agent, of its Java runtime, and of what it works with on this host.",
      "The version of a proxy is known while the agent runs and the proxy is ready."
    },
    mixinStandardHelpOptions = true)
public final class Version implements Callable<Integer>, IVersionProvider {
  private static final String PROXY = "linkerd2-proxy ";

  @Option(names = "--json", description = "Print it as JSON.")
  private boolean json;

  /** For picocli. */
  public Version() {}

  /**
   * As JSON shows it.
   *
   * @param schema version of this form, 1
   */
  record Shown(int schema, String version, String revision, List<Component> components) {}

  @Override
  public String[] getVersion() {
    Build build = Build.own();
    return new String[] {
      "meshx-agent " + build.version() + " (" + build.revision() + ")", java().toString()
    };
  }

  @Override
  public Integer call() {
    List<Component> components = new ArrayList<>(List.of(java()));
    components.addAll(Wiring.components(spireAgent()));
    components.addAll(Join.status().map(Version::proxies).orElse(List.of()));
    if (json) {
      Build build = Build.own();
      System.out.println(
          new GsonBuilder()
              .setPrettyPrinting()
              .create()
              .toJson(new Shown(1, build.version(), build.revision(), components)));
    } else {
      System.out.println(getVersion()[0]);
      components.forEach(System.out::println);
    }
    return 0;
  }

  private static Component java() {
    return new Component(
        "Java", Runtime.version().toString(), Path.of(System.getProperty("java.home")).toString());
  }

  /** Whoever may not read the configuration, or has none that is right, sees the rest. */
  private static Optional<Path> spireAgent() {
    try {
      return Optional.of(Wiring.configReader().read(Directories.CONFIG).components().spireAgent());
    } catch (ConfigException e) {
      return Optional.empty();
    }
  }

  private static List<Component> proxies(Snapshot status) {
    return status.steps().stream()
        .filter(step -> step.detail().startsWith(PROXY))
        .map(step ->
            new Component(PROXY.strip(), step.detail().substring(PROXY.length()), step.scope()))
        .toList();
  }
}
