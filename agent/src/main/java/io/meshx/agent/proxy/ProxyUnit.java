// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.AgentConfig.Spire;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.UserName;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SortedSet;

/**
 * The proxy of one workload as it is wanted.
 *
 * @param environment the file with its whole configuration; must be there before the unit starts
 * @param unit the unit
 */
public record ProxyUnit(HostFile environment, UnitSpec unit) {
  /** The user that every proxy runs as; what it sends is never intercepted. */
  public static final UserName USER = new UserName("meshx-proxy");

  /** The directory of the environment files. */
  public static final Path DIRECTORY = Path.of("/run/meshx-agent/proxy");

  /** The journal field that names the workload on each line of its units. */
  public static final String WORKLOAD_FIELD = "MESHX_WORKLOAD";

  private static final int OWNER_READS = 0600;
  // Accepts connections of many peers; systemd's soft limit of 1024 files is soon used up.
  private static final long MOST_FILES = 1 << 20;
  private static final Duration RESTART_DELAY = Duration.ofMillis(500);
  private static final Duration BEHIND_GRACE = Duration.ofSeconds(5);

  /**
   * The proxy of a workload.
   *
   * @param spireSocket the Workload API socket
   * @param anchors PEM text of the roots that it trusts
   * @param families the address families that the host has
   */
  public static ProxyUnit of(
      AgentConfig config,
      Workload workload,
      Path spireSocket,
      String anchors,
      SortedSet<IpFamily> families) {
    Path file = DIRECTORY.resolve(workload.name() + ".env");
    String environment = ProxyEnvironment.of(config, workload, spireSocket, anchors, families);
    UnitSpec.Builder unit =
        UnitSpec.service(
                OurUnits.proxy(workload.name()),
                config.mesh().anchorsFromBundle()
                    ? Digest.of(workload.given().proxy() + anchors)
                    : workload.given().proxy(),
                "Linkerd proxy of workload " + workload.name())
            .exec(List.of(config.components().proxy().toString()))
            .environmentFiles(List.of(file))
            .user(USER)
            .slice(OurUnits.INFRA_SLICE)
            .restart("always", RESTART_DELAY)
            .set("StartLimitIntervalUSec", new Property.Unsigned(0))
            .set("LimitNOFILE", new Property.Unsigned(MOST_FILES))
            .sandboxed(List.of())
            .timeoutStop(workload.proxy().shutdownGrace().plus(BEHIND_GRACE))
            .journalField(WORKLOAD_FIELD, workload.name().text());
    if (config.spire() instanceof Spire.External) {
      unit.execBefore(svidCheck(config, spireSocket));
    }
    return new ProxyUnit(
        HostFile.file(file, new UserName("root"), OWNER_READS, environment), unit.build());
  }

  // Without an admin socket nobody else can ask for the proxy's own SVID; and a proxy that finds no
  // socket at its start never becomes ready (linkerd2-proxy v2.366, spire-client/src/lib.rs).
  private static List<String> svidCheck(AgentConfig config, Path spireSocket) {
    return List.of(
        config.components().spireAgent().toString(),
        "api",
        "fetch",
        "x509",
        "-socketPath",
        spireSocket.toString());
  }
}
