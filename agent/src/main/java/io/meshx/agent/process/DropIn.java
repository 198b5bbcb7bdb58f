// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.process;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.AgentConfig.WorkloadProcess;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.OurUnits;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a service of somebody else is told as a workload: the slice that its traffic is known by,
 * the three variables of the contract, and that it starts when its traffic is redirected.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/systemd.syntax.html">
 *     systemd.syntax(7)</a>
 */
public final class DropIn {
  private static final Pattern OWNER =
      Pattern.compile("# workload ([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?), take_over = (\\w+)");

  private DropIn() {}

  /**
   * The text of the file.
   *
   * @param process its part of the configuration
   * @param filter what every packet must pass, if there is such a thing
   */
  public static String of(
      AgentConfig config,
      Workload workload,
      WorkloadProcess.Foreign process,
      Optional<FilterPaths> filter) {
    StringBuilder text =
        new StringBuilder(
            "# workload "
                + workload.name()
                + ", take_over = "
                + (process.restarts() ? "restart" : "wait")
                + "\n# Written by meshx-agent, and removed when the workload leaves.\n[Unit]\n");
    for (String dependency : new String[] {"Requires", "After"}) {
      text.append(dependency + "=" + OurUnits.ready(workload.name()) + "\n");
    }
    text.append("Before=" + OurUnits.DRAIN + "\n");
    text.append("[Service]\nSlice=" + OurUnits.slice(workload.name()) + "\n");
    filter.ifPresent(paths ->
        text.append("IPIngressFilterPath=" + paths.ingress() + "\n")
            .append("IPEgressFilterPath=" + paths.egress() + "\n"));
    TreeMap<String, String> environment = new TreeMap<>(process.environment());
    environment.put("WORKLOAD_NAME", workload.name().text());
    environment.put("WORKLOAD_NAMESPACE", workload.namespace().text());
    environment.put("NODE_NAME", config.host().name().text());
    environment.forEach(
        (name, value) -> text.append("Environment=" + quoted(name + "=" + value) + "\n"));
    return text.toString();
  }

  /** Within double quotes; a percent sign begins a specifier. */
  private static String quoted(String text) {
    return '"'
        + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("%", "%%").replace("\n", "\\n")
        + '"';
  }

  /** Whose drop-in a text is; empty if it is not as we write them. */
  public static Optional<WorkloadName> owner(String text) {
    Matcher matcher = OWNER.matcher(text);
    return matcher.lookingAt() ? Optional.of(new WorkloadName(matcher.group(1))) : Optional.empty();
  }

  /** Whether the service may be restarted when the workload leaves. */
  public static boolean restarts(String text) {
    Matcher matcher = OWNER.matcher(text);
    return matcher.lookingAt() && matcher.group(2).equals("restart");
  }
}
